package io.github.internvl.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.github.internvl.DeviceMap;
import io.github.internvl.DevicePlan;
import io.github.internvl.ModelInfo;
import io.github.internvl.Precision;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The facts about a model that {@code internvl info} prints.
 *
 * @param info its sizes
 * @param known its entry in the family, for a model without files
 */
record ModelFacts(ModelInfo info, Optional<ModelInfo.Published> known) {
    private static final int USUAL_CONTEXT = 8192;

    static ModelFacts of(ModelInfo.Published known) {
        return new ModelFacts(known.info(), Optional.of(known));
    }

    String table() {
        int side = info.tileSize();
        String parts = known.map(model -> line("model", model.id())
                        + line("made from", model.visionModel() + ", " + model.languageModel())
                        + line("licence", model.licence()))
                .orElseGet(() -> line("folder", info.source()));
        return parts
                + line(
                        "language",
                        info.languageModel() + ", " + info.languageLayers() + " layers, vocabulary of "
                                + Units.count(info.vocabulary()) + ", " + Units.count(info.positions()) + " positions")
                + line("vision", info.visionLayers() + " layers")
                + line(
                        "pictures",
                        "up to " + info.maxTiles() + " tiles and a thumbnail, each of " + side + " x " + side
                                + " pixels and " + info.tokensPerTile() + " visual tokens")
                + line(
                        "parameters",
                        Units.count(info.parameters()) + ", " + Units.count(info.visionParameters())
                                + " of them in the vision part and the projector")
                + line("each token", Units.count(info.activeParameters()) + " parameters are read")
                + line("stored", Units.bytes(info.weightBytes()) + " in " + name(info.storedPrecision()))
                + System.lineSeparator()
                + line("memory in", row(ModelFacts::name))
                + line("weights", row(precision -> Units.bytes(info.memoryBytes(precision, 0))))
                + line("KV per token", row(precision -> Units.bytes(keyValues(precision))))
                + line("total", row(precision -> Units.bytes(info.memoryBytes(precision, context()))))
                + line(
                        "",
                        "(total: weights and a KV cache of " + Units.count(context())
                                + " tokens, without intermediate results)");
    }

    String json() {
        Map<String, Object> values = new LinkedHashMap<>();
        known.ifPresentOrElse(
                model -> {
                    values.put("model", model.id());
                    values.put("visionPart", model.visionModel());
                    values.put("languagePart", model.languageModel());
                    values.put("licence", model.licence());
                },
                () -> values.put("folder", info.source()));
        values.put("languageModel", info.languageModel());
        values.put("parameters", info.parameters());
        values.put("visionParameters", info.visionParameters());
        values.put("activeParameters", info.activeParameters());
        values.put("weightBytes", info.weightBytes());
        values.put("storedPrecision", name(info.storedPrecision()));
        values.put("visionLayers", info.visionLayers());
        values.put("languageLayers", info.languageLayers());
        values.put("vocabulary", info.vocabulary());
        values.put("tileSize", info.tileSize());
        values.put("tokensPerTile", info.tokensPerTile());
        values.put("maxTiles", info.maxTiles());
        values.put("positions", info.positions());
        values.put("keyValueBytesPerToken", perPrecision(this::keyValues));
        values.put("memoryContextTokens", context());
        values.put("memoryBytes", perPrecision(precision -> info.memoryBytes(precision, context())));
        Gson gson = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
        return gson.toJson(values) + System.lineSeparator();
    }

    /** A table of the family, one line for each model. */
    static String family() {
        String format = "%-40s %-26s %-26s %10s %13s%n";
        String head =
                String.format(Locale.ROOT, format, "model", "vision part", "language part", "stored", "KV per token");
        return ModelInfo.Published.all().stream()
                .map(ModelFacts::of)
                .map(facts -> String.format(
                        Locale.ROOT,
                        format,
                        facts.info.source(),
                        facts.known.orElseThrow().visionModel(),
                        facts.known.orElseThrow().languageModel(),
                        Units.bytes(facts.info.weightBytes()),
                        Units.bytes(facts.keyValues(facts.info.storedPrecision()))))
                .collect(Collectors.joining("", head, ""));
    }

    /** The plan that a device map makes for the model, in its stored format. */
    DevicePlan plan(DeviceMap map, Map<String, Long> free) {
        return map.plan(info, info.storedPrecision(), context(), free);
    }

    private long keyValues(Precision precision) {
        return info.memoryBytes(precision, 1) - info.memoryBytes(precision, 0);
    }

    private int context() {
        return Math.min(USUAL_CONTEXT, info.positions());
    }

    /** The formats that the model can be loaded in; 4-bit weights are not quantized to 8 bits. */
    private Stream<Precision> precisions() {
        boolean quantized = info.storedPrecision() == Precision.INT4;
        return Arrays.stream(Precision.values())
                .filter(precision -> !quantized || (precision != Precision.INT8 && precision != Precision.FP8));
    }

    private static String line(String name, String value) {
        return String.format(Locale.ROOT, "%-12s %s%n", name, value);
    }

    private String row(Function<Precision, String> cell) {
        return precisions()
                .map(precision -> String.format(Locale.ROOT, "%12s", cell.apply(precision)))
                .collect(Collectors.joining());
    }

    private Map<String, Long> perPrecision(ToLongFunction<Precision> bytes) {
        Map<String, Long> values = new LinkedHashMap<>();
        precisions().forEach(precision -> values.put(name(precision), bytes.applyAsLong(precision)));
        return values;
    }

    private static String name(Precision precision) {
        return precision.name().toLowerCase(Locale.ROOT);
    }
}
