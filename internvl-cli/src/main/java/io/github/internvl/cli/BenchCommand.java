package io.github.internvl.cli;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.internal.model.Roofline;
import io.github.internvl.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code internvl bench}: how fast a model is on this machine. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "Measures how fast a model is on this machine: loading it, encoding tiles, computing prompts, generating, and "
                    + "what happens to pictures and texts before. The best and the median of several runs count, after one "
                    + "that does not.",
            ""
        },
        footer = {
            "",
            "Compare only figures of one machine and one hour, with nothing else running; load1 tells what was.",
            "",
            "Examples:",
            "  internvl bench InternVL2_5-1B",
            "  internvl bench --precision int8 --figures decode_300,prefill_300 InternVL2_5-1B",
            "  internvl bench --preprocess --picture photo.jpg",
            "  internvl bench --json InternVL2_5-1B > ours.jsonl",
            "  internvl bench --server http://localhost:23333 --concurrency 16 --requests 200 --picture photo.jpg"
        })
final class BenchCommand implements Callable<Integer> {
    private static final List<String> NOT_FOR_SERVERS = List.of(
            "--preprocess",
            "--runs",
            "--figures",
            "--static-slots",
            "--precision",
            "--device",
            "--context-length",
            "--threads");
    private static final List<String> PICTURE = List.of("image_decode", "image_resize_tiles", "image_total");
    private static final List<String> TEXT =
            List.of("tokenizer_encode", "tokenizer_encode_400_chars", "tokenizer_decode");
    private static final List<String> MODEL = List.of(
            "load",
            "read_bandwidth",
            "gemm",
            "vision_1tile",
            "vision_7tiles",
            "prefill_300",
            "prefill_2000",
            "decode_300",
            "decode_2000",
            "decode_300_x8",
            "generate_1tile_300_64");

    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "Folder of an InternVL 2.5 checkpoint; without it $INTERNVL_MODEL, or the demo model.")
    private @Nullable String model;

    @Option(
            names = "--preprocess",
            description = "Measure pictures and texts alone; of the model only its tokenizer is read.")
    private boolean preprocess;

    @Option(
            names = "--picture",
            paramLabel = "FILE",
            description = "The picture to preprocess; without it a JPEG of 4000 x 3000 pixels that is drawn for it.")
    private @Nullable Path picture;

    @Option(names = "--runs", paramLabel = "N", description = "How often each figure is measured: 5.")
    private int runs = 5;

    @Option(
            names = "--figures",
            paramLabel = "NAME",
            split = ",",
            description = "Only these, such as decode_300,prefill_300.")
    private @Nullable List<String> figures;

    @Mixin
    private final ModelOptions loading = new ModelOptions();

    @Option(
            names = "--static-slots",
            description = "Give each request its whole context from the start, as serve does with it: for GPUs.")
    private boolean staticSlots;

    @Option(names = "--json", description = "Write each figure as a line of JSON instead, with all its runs.")
    private boolean json;

    @Mixin
    private final ServerBench server = new ServerBench();

    BenchCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        if (runs < 1) {
            throw new ParameterException(spec.commandLine(), "--runs must be at least 1: " + runs);
        }
        if (server.isWanted()) {
            checkServer();
            try {
                return server.run(picture, json, terminal);
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
            }
        }
        checkFigures();
        Path folder = Path.of(ModelFolder.named(model, "MODEL", spec.commandLine()));
        if (!json) {
            terminal.out()
                    .printf(
                            Locale.ROOT,
                            "%-26s %12s %12s  %-8s %4s  %s%n",
                            "figure",
                            "best",
                            "median",
                            "unit",
                            "runs",
                            "of the limit");
        }
        preprocess(folder, stopwatch(Map.of("model", String.valueOf(folder.getFileName()))));
        if (!preprocess && isWanted(MODEL)) {
            model(folder);
        }
        return 0;
    }

    private void checkServer() {
        for (String name : NOT_FOR_SERVERS) {
            if (spec.commandLine().getParseResult().hasMatchedOption(name)) {
                throw new ParameterException(
                        spec.commandLine(),
                        name + " does not go with --server, which has a model; leave one of them out");
            }
        }
    }

    private void checkFigures() {
        List<String> known =
                Stream.of(PICTURE, TEXT, MODEL).flatMap(List::stream).toList();
        if (figures != null && !known.containsAll(figures)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--figures must be among " + String.join(",", known) + ": " + String.join(",", figures));
        }
    }

    private boolean isWanted(List<String> some) {
        return figures == null || some.stream().anyMatch(figures::contains);
    }

    private void preprocess(Path folder, Stopwatch watch) throws IOException {
        PreprocessBench bench = new PreprocessBench(watch);
        if (isWanted(PICTURE)) {
            byte[] file = picture == null ? PreprocessBench.photo(4000, 3000) : Files.readAllBytes(picture);
            bench.picture(file, Runtime.getRuntime().availableProcessors());
        }
        if (isWanted(TEXT)) {
            try (Tokenizer tokenizer = Tokenizer.load(folder)) {
                bench.text(tokenizer);
            }
        }
    }

    private void model(Path folder) {
        InternVLBuilder builder = InternVL.builder(folder).visualCacheBytes(0).staticSlots(staticSlots);
        loading.applyTo(builder);
        long start = System.nanoTime();
        try (InternVL loaded = builder.load()) {
            double seconds = (System.nanoTime() - start) / 1e9;
            Map<String, Object> tags = new LinkedHashMap<>();
            tags.put("model", loaded.info().name());
            tags.put("dtype", loaded.precision().name().toLowerCase(Locale.ROOT));
            tags.put("device", loaded.device());
            stopwatch(tags).once("load", "s", seconds);
            Roofline limits = Roofline.measure(folder, loaded.devices()); // takes memory that loading does not
            tags.put("threads", limits.threads());
            if (staticSlots) {
                tags.put("slots", "static");
            }
            Stopwatch watch = stopwatch(tags);
            watch.once("read_bandwidth", "GB/s", limits.readBandwidth() / 1e9);
            watch.once("gemm", "GFLOP/s", limits.gemm() / 1e9);
            new ModelBench(loaded, watch, limits).run();
        }
    }

    private Stopwatch stopwatch(Map<String, Object> tags) {
        return new Stopwatch(runs, 1, name -> isWanted(List.of(name)), tags, this::print);
    }

    private void print(Figure figure) {
        terminal.out().println(json ? figure.json() : figure.line());
        terminal.out().flush();
    }
}
