package io.github.internvl.cli;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.hub.Hub;
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

/** {@code internvl bench}: the speed of a model on this machine. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measures the speed of a model on this machine: loading, tile encoding, prefill, decoding, and preprocessing of "
                    + "pictures and text. Reports the best and the median of several runs, after one warm-up run.",
            ""
        },
        footer = {
            "",
            "Compare only results from the same machine and hour, with nothing else running; load1 is the system load.",
            "",
            "Examples:",
            "  internvl bench InternVL2_5-1B/",
            "  internvl bench --precision int8 --figures decode_300,prefill_300 InternVL2_5-1B/",
            "  internvl bench --html report.html InternVL2_5-1B/",
            "  internvl bench --preprocess --picture photo.jpg",
            "  internvl bench --json InternVL2_5-1B/ > ours.jsonl",
            "  internvl bench --figures decode_300 --compare 'python peers.py llama llm-bf16.gguf' InternVL2_5-1B/",
            "  internvl bench --server http://localhost:23333 --concurrency 16 --requests 200 --picture photo.jpg"
        })
final class BenchCommand implements Callable<Integer> {
    private static final List<String> NOT_FOR_SERVERS = List.of(
            "--preprocess",
            "--runs",
            "--figures",
            "--static-slots",
            "--cuda-graphs",
            "--compare",
            "--html",
            "--precision",
            "--vision-precision",
            "--copy-weights",
            "--device",
            "--devices",
            "--tp",
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
    private final BenchReport report = new BenchReport();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "Folder of an InternVL checkpoint, or its id on the Hugging Face hub, which is downloaded "
                    + "once. Default: $INTERNVL_MODEL, or the demo model.")
    private @Nullable String model;

    @Option(
            names = "--preprocess",
            description = "Measure only preprocessing; of the model, only the tokenizer is loaded.")
    private boolean preprocess;

    @Option(
            names = "--picture",
            paramLabel = "FILE",
            description = "Picture to preprocess. Default: a generated JPEG of 4000 x 3000 pixels.")
    private @Nullable Path picture;

    @Option(names = "--runs", paramLabel = "N", description = "Number of runs for each result. Default: 5.")
    private int runs = 5;

    @Option(
            names = "--figures",
            paramLabel = "NAME",
            split = ",",
            description = "Measure only these, such as decode_300,prefill_300.")
    private @Nullable List<String> figures;

    @Mixin
    private final ModelOptions loading = new ModelOptions();

    @Option(names = "--json", description = "Print each result as a line of JSON with all its runs.")
    private boolean json;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Also write a report with charts, one HTML file that loads nothing.")
    private @Nullable Path html;

    @Option(
            names = "--compare",
            paramLabel = "COMMAND",
            description =
                    "Run this command of the shell after each run of ours, and print how many times as fast ours was. "
                            + "It prints results as --json does; src/test/python/peers.py does so for llama.cpp and transformers.")
    private @Nullable String compare;

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
        if (server.isSelected()) {
            checkServer();
            try {
                return server.run(picture, json, terminal);
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
            }
        }
        checkFigures();
        checkReport();
        checkLoading();
        Path folder = folder();
        if (compare != null) {
            compare(folder, compare);
            return 0;
        }
        if (!json) {
            terminal.out().println(BenchResult.head());
        }
        preprocess(folder, benchmark(Map.of("model", String.valueOf(folder.getFileName()))));
        if (!preprocess && isSelected(MODEL)) {
            model(folder);
        }
        if (html != null) {
            report.write(html);
            terminal.err().println("internvl: the report is in " + html);
        }
        return 0;
    }

    private void checkReport() {
        if (html == null) {
            return;
        }
        Path folder = html.toAbsolutePath().getParent();
        if (compare != null || folder == null || !Files.isDirectory(folder)) {
            throw new ParameterException(
                    spec.commandLine(),
                    compare != null
                            ? "--html cannot be combined with --compare, which prints ratios; omit one of them"
                            : "--html must be a file in a folder that exists: " + html + "; make the folder first");
        }
    }

    private void checkLoading() {
        try {
            loading.applyTo(InternVL.builder(Path.of("")));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private Path folder() {
        try (LoadingBar bar = new LoadingBar(terminal)) {
            Hub hub = Hub.builder().progress(bar.downloading()).build();
            return hub.find(ModelFolder.named(model, "MODEL", spec.commandLine()));
        }
    }

    private void checkServer() {
        for (String name : NOT_FOR_SERVERS) {
            if (spec.commandLine().getParseResult().hasMatchedOption(name)) {
                throw new ParameterException(
                        spec.commandLine(),
                        name + " cannot be combined with --server, which has its own model; omit one of them");
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

    private boolean isSelected(List<String> some) {
        return figures == null || some.stream().anyMatch(figures::contains);
    }

    private void preprocess(Path folder, Benchmark measured) throws IOException {
        PreprocessBench bench = new PreprocessBench(measured);
        if (isSelected(PICTURE)) {
            byte[] file = picture == null ? PreprocessBench.photo(4000, 3000) : Files.readAllBytes(picture);
            bench.picture(file, Runtime.getRuntime().availableProcessors());
        }
        if (isSelected(TEXT)) {
            try (Tokenizer tokenizer = Tokenizer.load(folder)) {
                bench.text(tokenizer);
            }
        }
    }

    private void model(Path folder) {
        long start = System.nanoTime();
        try (InternVL loaded = builder(folder).load()) {
            double seconds = (System.nanoTime() - start) / 1e9;
            Map<String, Object> tags = tags(loaded);
            benchmark(tags).report("load", "s", seconds);
            Roofline limits = Roofline.measure(folder, loaded.devices()); // allocates memory, so after the load result
            tags.put("threads", limits.threads());
            Boolean whole = loading.staticSlots();
            if (whole != null) {
                tags.put("slots", whole ? "static" : "by need");
            }
            Benchmark measured = benchmark(tags);
            measured.report("read_bandwidth", "GB/s", limits.readBandwidth() / 1e9);
            measured.report("gemm", "GFLOP/s", limits.gemm() / 1e9);
            new ModelBench(loaded, measured, limits).run();
        }
    }

    /** Measures the model and another program in turn; the first run of ours warms up. */
    private void compare(Path folder, String command) throws IOException {
        Comparison comparison = new Comparison(command);
        try (InternVL loaded = builder(folder).load()) {
            Roofline limits = Roofline.measure(folder, loaded.devices());
            boolean[] warm = {false};
            Benchmark once = new Benchmark(1, 0, name -> isSelected(List.of(name)), tags(loaded), result -> {
                if (warm[0]) {
                    comparison.own(result);
                }
            });
            ModelBench bench = new ModelBench(loaded, once, limits);
            bench.run();
            warm[0] = true;
            for (int pair = 0; pair < runs; pair++) {
                bench.run();
                comparison.other();
            }
        }
        comparison.print(json, line -> {
            terminal.out().println(line);
            terminal.out().flush();
        });
    }

    private InternVLBuilder builder(Path folder) {
        InternVLBuilder builder = InternVL.builder(folder).visualCacheBytes(0);
        loading.applyTo(builder);
        return builder;
    }

    private static Map<String, Object> tags(InternVL loaded) {
        Map<String, Object> tags = new LinkedHashMap<>();
        tags.put("model", loaded.info().name());
        tags.put("dtype", loaded.precision().name().toLowerCase(Locale.ROOT));
        tags.put("device", loaded.device());
        return tags;
    }

    private Benchmark benchmark(Map<String, Object> tags) {
        return new Benchmark(runs, 1, name -> isSelected(List.of(name)), tags, this::print);
    }

    private void print(BenchResult result) {
        report.add(result);
        terminal.out().println(json ? result.json() : result.line());
        terminal.out().flush();
    }
}
