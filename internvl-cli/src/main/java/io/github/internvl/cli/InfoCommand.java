package io.github.internvl.cli;

import io.github.internvl.CheckpointException;
import io.github.internvl.DeviceMap;
import io.github.internvl.InternVLException;
import io.github.internvl.ModelInfo;
import io.github.internvl.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code internvl info}: the parts of a model and the memory it needs, without loading its weights. */
@Command(
        name = "info",
        mixinStandardHelpOptions = true,
        description = "Shows the parts of a model and the memory it needs, without loading its weights.",
        footer = {
            "",
            "Examples:",
            "  internvl info InternVL2_5-1B",
            "  internvl info --json InternVL2_5-1B",
            "  internvl info --all",
            "  internvl info --gpu-memory 24,24 InternVL2_5-26B-AWQ",
            "  internvl info --spark InternVL2_5-2B"
        })
final class InfoCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "Folder of an InternVL checkpoint, or the name of a published one, which needs no files. "
                    + "Default: $INTERNVL_MODEL, or the demo model.")
    private @Nullable String model;

    @Option(names = "--all", description = "List the published checkpoints instead.")
    private boolean all;

    @Option(names = "--json", description = "Print JSON; sizes are in bytes.")
    private boolean json;

    @Option(names = "--devices", description = "Show how the model would be distributed over this machine's GPUs.")
    private boolean devices;

    @Option(
            names = "--gpu-memory",
            paramLabel = "GIB",
            split = ",",
            description = "Plan for GPUs with this much free memory instead, such as 24,24.")
    private @Nullable List<Double> gpuMemory;

    @Option(names = "--offload", description = "Assign to the CPU the parts that fit on no GPU.")
    private boolean offload;

    @Option(
            names = "--spark",
            description =
                    "Print the memory, cores and GPU of an executor of Apache Spark, as lines of spark-defaults.conf.")
    private boolean spark;

    @Option(
            names = "--precision",
            paramLabel = "FORMAT",
            description =
                    "Number format of --spark: float32, bfloat16, float16, fp8, int8 or int4. Default: as stored.")
    private @Nullable Precision precision;

    InfoCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        boolean plan = devices || gpuMemory != null;
        if (all && (json || plan || spark || model != null)) {
            throw new ParameterException(
                    spec.commandLine(), "--all cannot be combined with MODEL or other options; omit them");
        }
        if (plan && json) {
            throw new ParameterException(spec.commandLine(), "a device plan has no JSON form; omit --json");
        }
        if (spark && (plan || json)) {
            throw new ParameterException(
                    spec.commandLine(), "--spark prints lines of its own; omit --json, --devices and --gpu-memory");
        }
        if (precision != null && !spark) {
            throw new ParameterException(
                    spec.commandLine(), "--precision belongs to --spark; the table shows all formats");
        }
        terminal.out().print(text(plan));
        terminal.out().flush();
        return 0;
    }

    private String text(boolean plan) {
        if (all) {
            return ModelFacts.family();
        }
        ModelFacts facts = facts();
        if (spark) {
            ModelInfo info = facts.info();
            return new SparkSizing(info, info.source(), precision == null ? info.storedPrecision() : precision).lines();
        }
        return json ? facts.json() : plan ? plan() : facts.table();
    }

    private String plan() {
        Map<String, Long> free = gpuMemory == null ? DeviceMap.freeMemory() : pretended(gpuMemory);
        DeviceMap map = offload ? DeviceMap.auto().offloadToCpu() : DeviceMap.auto();
        return DeviceTable.of(facts().plan(map, free), free);
    }

    private static Map<String, Long> pretended(List<Double> gib) {
        Map<String, Long> free = new LinkedHashMap<>();
        gib.forEach(one -> free.put("cuda:" + free.size(), (long) (one * (1L << 30))));
        return free;
    }

    /** The facts of a folder, or of a published model if there is no such folder. */
    private ModelFacts facts() {
        String name = ModelFolder.named(model, "MODEL", spec.commandLine());
        Path folder = Path.of(name);
        Optional<ModelInfo.Published> known =
                Files.isDirectory(folder) ? Optional.empty() : ModelInfo.Published.find(name);
        return known.map(ModelFacts::of).orElseGet(() -> new ModelFacts(read(folder, name), Optional.empty()));
    }

    private static ModelInfo read(Path folder, String name) {
        try {
            return ModelInfo.of(folder);
        } catch (CheckpointException e) {
            if (!String.valueOf(e.getMessage()).startsWith(folder + ": no such folder")) {
                throw e; // a damaged checkpoint, or a model that is refused by name
            }
            throw new InternVLException(
                    name + ": no such folder, and no published model of that name; did you mean " + nearest(name)
                            + "? internvl info --all lists them all",
                    e);
        }
    }

    /** The id of the published model whose name takes the fewest changes. */
    private static String nearest(String name) {
        String wanted = bare(name);
        return ModelInfo.Published.all().stream()
                .map(ModelInfo.Published::id)
                .min(Comparator.comparingInt(id -> changes(wanted, bare(id))))
                .orElseThrow();
    }

    /** A name without its owner, in small letters and without signs. */
    private static String bare(String name) {
        return name.substring(name.lastIndexOf('/') + 1)
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9]", "");
    }

    /** The letters to insert, delete or replace, by Levenshtein. */
    private static int changes(String one, String other) {
        int[] row = IntStream.rangeClosed(0, other.length()).toArray();
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[other.length()];
    }
}
