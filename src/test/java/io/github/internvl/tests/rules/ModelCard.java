package io.github.internvl.tests.rules;

import io.github.internvl.ModelInfo;
import io.github.internvl.Precision;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The page about a size of the family, made from the catalogue.
 *
 * @param size the checkpoint without a suffix
 */
record ModelCard(ModelInfo.Published size) {
    private static final int CONTEXT = 8192;
    private static final double GIB = 1L << 30;
    private static final List<ModelInfo.Published> ALL =
            ModelInfo.Published.all(); // some seconds, for the mixtures' tensors

    static List<ModelInfo.Published> sizes() {
        return ALL.stream().filter(ModelCard::isSize).toList();
    }

    private static boolean isSize(ModelInfo.Published model) {
        return model.id().matches(".*\\dB");
    }

    static String file(ModelInfo.Published size) {
        return name(size) + ".md";
    }

    static String index() {
        String rows = sizes().stream()
                .map(size -> row(
                        "[" + name(size) + "](" + file(size) + ")",
                        size.visionModel(),
                        size.languageModel(),
                        "published",
                        transformers(size),
                        awq(size),
                        "yes",
                        gib(size.info().weightBytes()),
                        gib(size.info().memoryBytes(Precision.INT4, CONTEXT)),
                        gib(size.info().memoryBytes(Precision.INT8, CONTEXT)),
                        gib(size.info().memoryBytes(Precision.BFLOAT16, CONTEXT))))
                .collect(Collectors.joining());
        return """
                # Models

                One card for each published size of InternVL 2, 2.5, 3 and 3.5; `internvl info NAME` shows the same. The numbers are
                computed from the values of each config.json by the tables that weights are bound by.

                | size | vision part | language part | official | transformers' | AWQ | 8 bits | download | memory in int4 | in int8 | in bfloat16 |
                | --- | --- | --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: |
                %s
                The columns after the language part say in which layouts a size loads. Transformers' layout is that of the `-hf` and `-HF`
                repositories; *by convert* means that `internvl convert` writes it, as the catalogue names no repository. It has no template of InternVL 2's.
                AWQ is *like* another size where that has the same kind of language model and is published so. Weights of 8 bits, and of 4
                where there is no AWQ, are made while any layout but AWQ is loaded.
                Memory is that of the weights and a KV cache of 8,192 tokens; intermediate results come on top.

                [training](training) makes the demo model, which this folder packs. `ModelCardsTest` writes this page and the cards.
                """.formatted(rows);
    }

    String text() {
        ModelInfo info = size.info();
        return String.format(
                Locale.ROOT,
                """
                # %s

                | | |
                | --- | --- |
                | vision part | %s, %d layers |
                | language part | %s, %d layers, vocabulary of %,d, made for %,d tokens |
                | parameters | %,.2f billion, %,.2f of them in vision and projector%s |
                | licence | %s |

                | repository | what it is | download |
                | --- | --- | ---: |
                %s
                | memory | weights | KV cache, each token | with 8,192 tokens |
                | --- | ---: | ---: | ---: |
                %s
                Intermediate results come on top.

                ```bash
                internvl info %s
                ```

                [All sizes](README.md)
                """,
                name(size),
                size.visionModel(),
                info.visionLayers(),
                size.languageModel(),
                info.languageLayers(),
                info.vocabulary(),
                info.positions(),
                info.parameters() / 1e9,
                info.visionParameters() / 1e9,
                info.languageModel().endsWith("moe")
                        ? String.format(
                                Locale.ROOT, "; each token of an answer reads %,.2f", info.activeParameters() / 1e9)
                        : "",
                size.licence(),
                variants(size)
                        .map(model -> row(
                                "`" + model.id() + "`",
                                kind(model),
                                gib(model.info().weightBytes())))
                        .collect(Collectors.joining()),
                memoryRows(),
                name(size));
    }

    private String memoryRows() {
        String plain = Stream.of(Precision.FLOAT32, Precision.BFLOAT16, Precision.INT8, Precision.INT4)
                .map(precision -> memoryRow(size, precision.name().toLowerCase(Locale.ROOT), precision))
                .collect(Collectors.joining());
        return plain
                + quantized(size)
                        .limit(1)
                        .map(model -> memoryRow(model, "int4 (AWQ)", Precision.INT4))
                        .collect(Collectors.joining());
    }

    private static String memoryRow(ModelInfo.Published model, String name, Precision precision) {
        long weights = model.info().memoryBytes(precision, 0);
        return row(
                name,
                gib(weights),
                String.format(Locale.ROOT, "%,d KiB", (model.info().memoryBytes(precision, 1) - weights) / 1024),
                gib(model.info().memoryBytes(precision, CONTEXT)));
    }

    private static Stream<ModelInfo.Published> variants(ModelInfo.Published size) {
        return ALL.stream()
                .filter(model -> model.id().equals(size.id()) || model.id().startsWith(size.id() + "-"));
    }

    private static Stream<ModelInfo.Published> quantized(ModelInfo.Published size) {
        return variants(size).filter(model -> model.info().storedPrecision() == Precision.INT4);
    }

    private static boolean isPublished(ModelInfo.Published size, String end) {
        return variants(size)
                .anyMatch(model -> model.id().toLowerCase(Locale.ROOT).endsWith(end));
    }

    /** Whether a size comes in transformers' layout, or can be converted to it. */
    private static String transformers(ModelInfo.Published size) {
        return isPublished(size, "-hf") ? "published" : name(size).startsWith("InternVL2-") ? "no" : "by convert";
    }

    /** Whether a size comes in 4 bits, or another of its kind does. */
    private static String awq(ModelInfo.Published size) {
        if (isPublished(size, "-awq")) {
            return "published";
        }
        String kind = size.info().languageModel();
        return sizes().stream()
                .filter(other -> other.info().languageModel().equals(kind) && isPublished(other, "-awq"))
                .findFirst()
                .map(other -> "like " + name(other))
                .orElse("not tried");
    }

    private static String kind(ModelInfo.Published model) {
        String id = model.id();
        String tuned = id.contains("-MPO")
                ? "tuned by preferences (MPO)"
                : id.contains("-Instruct")
                        ? "tuned by instructions alone"
                        : id.contains("-Pretrained") ? "before it was tuned" : "the model";
        return id.endsWith("-AWQ")
                ? tuned + ", in 4 bits"
                : id.toLowerCase(Locale.ROOT).endsWith("-hf") ? tuned + ", in transformers' layout" : tuned;
    }

    private static String name(ModelInfo.Published model) {
        return model.id().substring(model.id().indexOf('/') + 1);
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, "%,.1f GiB", bytes / GIB);
    }

    private static String row(String... cells) {
        return "| " + String.join(" | ", cells) + " |\n";
    }
}
