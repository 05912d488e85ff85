package io.github.internvl.tests.conformance;

import com.google.gson.JsonObject;
import io.github.internvl.internal.checkpoint.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * One checkpoint with its goldens. One in transformers' own layout has the goldens of the checkpoint that it was made
 * from, since its weights are the same, beside its own.
 *
 * @param goldens the folder that it belongs to
 * @param folder its own folder: {@code model}, {@code golden.json}, {@code golden.safetensors}
 * @param answers where its goldens lie: its own folder, or that of the checkpoint that it was made from
 * @param json golden.json of that folder
 * @param scaled whether its rotary embeddings are scaled where its config.json says so; without scaling it has those cases
 *     alone whose answers depend on it
 */
record GoldenVariant(Goldens goldens, Path folder, Path answers, JsonObject json, boolean scaled) {

    static GoldenVariant read(Goldens goldens, Path folder) {
        GoldenVariant own =
                new GoldenVariant(goldens, folder, folder, Goldens.json(folder.resolve("golden.json")), true);
        if (!own.isNative()) {
            return own;
        }
        Path base = folder.resolveSibling(own.json().get("base").getAsString());
        return new GoldenVariant(goldens, folder, base, Goldens.json(base.resolve("golden.json")), true);
    }

    /** The same one with and without scaling, where the goldens have both. */
    Stream<GoldenVariant> readings() {
        GoldenVariant unscaled = new GoldenVariant(goldens, folder, answers, json, false);
        return unscaled.cases().isEmpty() ? Stream.of(this) : Stream.of(this, unscaled);
    }

    Checkpoint checkpoint() {
        Checkpoint stored = Checkpoint.open(model());
        return scaled ? stored : stored.withoutRopeScaling();
    }

    /** Whether the checkpoint is in transformers' own layout, whose template has no system message of its own. */
    boolean isNative() {
        Path config = model().resolve("config.json");
        return isCheckpoint() && Goldens.has(Goldens.json(config), "text_config");
    }

    /**
     * Text that the variant's own tokenizer makes of ids: another than the base's where the two clean up otherwise. Bytes that
     * form no character are replaced in other numbers there, so such a text stays the base's.
     */
    String text(int[] ids, boolean skipSpecial, String base) {
        boolean own = isNative() && OwnTokenizer.isIn(model()) && base.indexOf('\ufffd') < 0;
        return own ? OwnTokenizer.decode(model(), ids, skipSpecial) : base;
    }

    /** Cases that transformers' own processor was asked, for a checkpoint in its layout. */
    List<GoldenCase> processorCases() {
        return Goldens.json(folder.resolve("golden.json")).getAsJsonArray("cases").asList().stream()
                .map(c -> new GoldenCase(this, c.getAsJsonObject()))
                .filter(golden -> golden.api().equals("processor"))
                .filter(golden -> golden.json().has("messages"))
                .toList();
    }

    /** The system message that the prompts of the goldens have. */
    String systemMessage() {
        return json.get("system_message").getAsString();
    }

    /** The name in reports and tests. */
    String name() {
        return goldens.name() + "/" + folder.getFileName() + (scaled ? "" : "-unscaled");
    }

    Path model() {
        return folder.resolve("model");
    }

    List<GoldenCase> cases() {
        return json.getAsJsonArray("cases").asList().stream()
                .map(c -> new GoldenCase(this, c.getAsJsonObject()))
                .filter(golden -> scaled || golden.hasScaled())
                .map(golden -> scaled && golden.hasScaled() ? golden.scaled() : golden)
                .toList();
    }

    /** The tensors; read anew at each call. */
    GoldenTensors tensors() {
        return GoldenTensors.read(name(), answers.resolve("golden.safetensors"));
    }

    int tokensPerTile() {
        return json.get("num_image_token").getAsInt();
    }

    /** The token that ends an answer of chat. */
    int endId() {
        return json.get("chat_eos_token_id").getAsInt();
    }

    /** Whether there is a checkpoint, and not logits alone. */
    boolean isCheckpoint() {
        return Files.exists(model().resolve("config.json"));
    }
}
