package io.github.internvl.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.github.internvl.ModelInfo;
import io.github.internvl.Precision;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code internvl info}: what a checkpoint holds and what memory it takes, told from its headers alone. */
@Command(
        name = "info",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Shows what a checkpoint holds and how much memory it takes, without loading its weights.",
        footer = {"", "Examples:", "  internvl info InternVL2_5-1B", "  internvl info --json InternVL2_5-1B"})
final class InfoCommand implements Callable<Integer> {
    private static final int USUAL_CONTEXT = 8192;

    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "DIR",
            description = "Folder of an InternVL 2.5 checkpoint; without it $INTERNVL_MODEL, or the demo model.")
    private @Nullable Path folder;

    @Option(names = "--json", description = "Write JSON; sizes are in bytes.")
    private boolean json;

    InfoCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        ModelInfo info = ModelInfo.of(ModelFolder.of(folder, "DIR", spec.commandLine()));
        terminal.out().print(json ? json(info) : table(info));
        terminal.out().flush();
        return 0;
    }

    private static String table(ModelInfo info) {
        int side = info.tileSize();
        return line("folder", info.folder().toString())
                + line(
                        "language",
                        info.languageModel() + ", " + info.languageLayers() + " layers, vocabulary of "
                                + Sizes.count(info.vocabulary()) + ", " + Sizes.count(info.positions()) + " positions")
                + line("vision", info.visionLayers() + " layers")
                + line(
                        "pictures",
                        "up to " + info.maxTiles() + " tiles and a thumbnail, each " + side + " x " + side
                                + " pixels and " + info.tokensPerTile() + " visual tokens")
                + line(
                        "parameters",
                        Sizes.count(info.parameters()) + ", " + Sizes.count(info.visionParameters())
                                + " of them in vision and projector")
                + line("stored", Sizes.bytes(info.weightBytes()) + " in " + name(info.storedPrecision()))
                + System.lineSeparator()
                + line("memory in", row(InfoCommand::name))
                + line("weights", row(precision -> Sizes.bytes(weights(info, precision))))
                + line("KV per token", row(precision -> Sizes.bytes(keyValues(info, precision))))
                + line("in all", row(precision -> Sizes.bytes(memory(info, precision))))
                + line(
                        "",
                        "(in all: weights and a KV cache of " + Sizes.count(context(info))
                                + " tokens; intermediate results come on top)");
    }

    private static String line(String name, String value) {
        return String.format(Locale.ROOT, "%-12s %s%n", name, value);
    }

    private static String row(Function<Precision, String> cell) {
        return Arrays.stream(Precision.values())
                .map(precision -> String.format(Locale.ROOT, "%12s", cell.apply(precision)))
                .collect(Collectors.joining());
    }

    private static String json(ModelInfo info) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("folder", info.folder().toString());
        values.put("languageModel", info.languageModel());
        values.put("parameters", info.parameters());
        values.put("visionParameters", info.visionParameters());
        values.put("weightBytes", info.weightBytes());
        values.put("storedPrecision", name(info.storedPrecision()));
        values.put("visionLayers", info.visionLayers());
        values.put("languageLayers", info.languageLayers());
        values.put("vocabulary", info.vocabulary());
        values.put("tileSize", info.tileSize());
        values.put("tokensPerTile", info.tokensPerTile());
        values.put("maxTiles", info.maxTiles());
        values.put("positions", info.positions());
        values.put("keyValueBytesPerToken", perPrecision(precision -> keyValues(info, precision)));
        values.put("memoryContextTokens", context(info));
        values.put("memoryBytes", perPrecision(precision -> memory(info, precision)));
        Gson gson = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
        return gson.toJson(values) + System.lineSeparator();
    }

    private static Map<String, Long> perPrecision(ToLongFunction<Precision> bytes) {
        Map<String, Long> values = new LinkedHashMap<>();
        for (Precision precision : Precision.values()) {
            values.put(name(precision), bytes.applyAsLong(precision));
        }
        return values;
    }

    private static long memory(ModelInfo info, Precision precision) {
        return weights(info, precision) + context(info) * keyValues(info, precision);
    }

    private static long weights(ModelInfo info, Precision precision) {
        return info.parameters() * bytesPerNumber(precision);
    }

    private static long keyValues(ModelInfo info, Precision precision) {
        return info.keyValueNumbersPerToken() * bytesPerNumber(precision);
    }

    private static long context(ModelInfo info) {
        return Math.min(USUAL_CONTEXT, info.positions());
    }

    private static int bytesPerNumber(Precision precision) {
        return precision == Precision.FLOAT32 ? 4 : 2;
    }

    private static String name(Precision precision) {
        return precision.name().toLowerCase(Locale.ROOT);
    }
}
