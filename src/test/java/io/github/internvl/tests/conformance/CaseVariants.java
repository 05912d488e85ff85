package io.github.internvl.tests.conformance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Configurations that people have reported, from a folder {@code cases} beside given goldens: each is placed beside the
 * weights of the variant that it describes, and must give that variant's answers.
 */
final class CaseVariants {
    private static final String ROPE = "01-rope-parameters";
    private static final Map<String, List<GoldenVariant>> MADE = new HashMap<>();

    /**
     * A case.
     *
     * @param name of the new variant
     * @param base the variant whose weights it describes
     * @param file in the folder of cases
     * @param target its name in the checkpoint
     */
    private record Case(String name, String base, String file, String target) {}

    private static final List<Case> CASES = List.of(
            new Case("case-01-qwen-hf", "qwen-hf", ROPE + "/qwen-hf.config.json", "config.json"),
            new Case("case-01-internlm2-hf", "internlm2-hf", ROPE + "/internlm2-hf-dynamic.config.json", "config.json"),
            new Case("case-01-qwen", "qwen", ROPE + "/qwen-official.config.json", "config.json"),
            new Case(
                    "case-03-qwen-hf",
                    "qwen-hf",
                    "03-stale-index/model.safetensors.index.json",
                    "model.safetensors.index.json"),
            new Case("case-07-qwen-hf", "qwen-hf", "07-rope-type-default/qwen-hf.config.json", "config.json"),
            new Case("case-08-qwen-tied", "qwen-tied", "08-dtype-key/qwen-tied.config.json", "config.json"));

    private CaseVariants() {}

    /** The folder of cases that belongs to some goldens, if there is one. */
    static Optional<Path> folder(Goldens goldens) {
        Path folder = goldens.folder().resolveSibling("cases");
        return Optional.of(folder).filter(Files::isDirectory);
    }

    /** One variant for each case whose base is among these variants. */
    static synchronized List<GoldenVariant> of(Goldens goldens, List<GoldenVariant> variants) {
        return folder(goldens)
                .map(folder -> MADE.computeIfAbsent(goldens.folder().toString(), key -> made(folder, variants)))
                .orElse(List.of());
    }

    private static List<GoldenVariant> made(Path folder, List<GoldenVariant> variants) {
        List<GoldenVariant> made = new ArrayList<>();
        for (Case one : CASES) {
            find(variants, one.base())
                    .map(base -> new Overlay(base, one.name())
                            .with(Map.of(one.target(), folder.resolve(one.file())))
                            .variant())
                    .ifPresent(made::add);
        }
        find(variants, "qwen-hf")
                .map(base -> new Overlay(base, "case-01-resaved")
                        .withoutAny()
                        .with(folder.resolve(ROPE).resolve("qwen-hf-resaved-by-transformers-5.24"))
                        .variant())
                .ifPresent(made::add);
        return made;
    }

    static Optional<GoldenVariant> find(List<GoldenVariant> variants, String name) {
        return variants.stream()
                .filter(variant -> name.equals(String.valueOf(variant.folder().getFileName())))
                .findFirst();
    }
}
