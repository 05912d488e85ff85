package io.github.internvl;

import io.github.internvl.internal.checkpoint.Catalogue;
import java.util.List;
import java.util.Optional;

/**
 * A published checkpoint of the InternVL 2.5 family, as far as it is known without its files: parts and licence as model
 * cards name them, sizes computed from the values of its config.json. Immutable.
 *
 * @param id the repository on the Hugging Face hub, such as {@code OpenGVLab/InternVL2_5-1B}
 * @param visionModel the ViT that it was made from, such as {@code InternViT-300M-448px-V2_5}
 * @param languageModel the language model that it was made from, such as {@code Qwen2.5-0.5B-Instruct}
 * @param licence what its parts are licensed under
 * @param info its sizes; the source is the id
 */
public record KnownModel(String id, String visionModel, String languageModel, String licence, ModelInfo info) {

    /** All of them: sizes from small to large, each followed by its MPO and AWQ variants. */
    public static List<KnownModel> all() {
        return Catalogue.entries().stream().map(KnownModel::of).toList();
    }

    /** Finds a model by its id, with or without the owner in front ({@code InternVL2_5-1B}). */
    public static Optional<KnownModel> find(String id) {
        return Catalogue.entries().stream()
                .filter(known -> known.id().equals(id) || known.id().endsWith("/" + id))
                .findFirst()
                .map(KnownModel::of);
    }

    private static KnownModel of(Catalogue.Entry known) {
        String licence = "MIT, and for " + known.language() + " " + known.licence();
        return new KnownModel(known.id(), known.vision(), known.language(), licence, ModelInfo.of(known));
    }
}
