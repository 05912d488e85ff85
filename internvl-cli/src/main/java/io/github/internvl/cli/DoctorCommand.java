package io.github.internvl.cli;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.InternVLException;
import io.github.internvl.hub.Hub;
import io.github.internvl.internal.model.Machine;
import io.github.internvl.internal.model.Roofline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code internvl doctor}: whether this machine computes right, and how fast, in a report for an issue. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Looks at libtorch and the GPUs of this machine, compares a model's answers on the device with those on the CPU in "
                    + "every precision, and measures its speed. Writes one small report, which can be attached to an issue; it "
                    + "names no folder and no user. The exit code is 1 if there is a fault.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  internvl doctor",
            "  internvl doctor --gpu",
            "  internvl doctor --gpu --precision int8 OpenGVLab/InternVL2_5-8B"
        })
final class DoctorCommand implements Callable<Integer> {
    private static final int CONCURRENT = 32;
    private static final int RUNS = 3;
    private static final Set<String> FIGURES =
            Set.of("vision_1tile", "prefill_300", "prefill_2000", "decode_300", "decode_300_x8", "decode_300_x32");

    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description =
                    "Folder of an InternVL checkpoint, or its id on the Hugging Face hub, which is downloaded once. "
                            + "Default: $INTERNVL_MODEL, or the demo model, which is too small for meaningful speeds.")
    private @Nullable String model;

    @Option(names = "--gpu", description = "Check the first GPU, and fail without one.")
    private boolean gpu;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "File for the report. Default: internvl-doctor.md in this folder.")
    private Path out = Path.of("internvl-doctor.md");

    @Mixin
    private final ModelOptions loading = new ModelOptions();

    DoctorCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        if (gpu && loading.device() != null) {
            throw new ParameterException(
                    spec.commandLine(), "--gpu cannot be combined with --device; omit one of them");
        }
        if (loading.isSpread()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--devices and --tp have no meaning here, as one device is checked; use --device");
        }
        DoctorReport report = new DoctorReport(terminal);
        try {
            check(report);
        } catch (ParameterException e) {
            throw e;
        } catch (RuntimeException | Error e) { // a libtorch that does not load, too, is for the report
            report.fault("The check ended early: " + (e instanceof InternVLException ? e.getMessage() : e));
        }
        report.write(out);
        terminal.err().println("internvl: the report is in " + out);
        return report.isClean() ? 0 : 1;
    }

    private void check(DoctorReport report) {
        report.start();
        Machine machine = Machine.look();
        report.machine(machine);
        String device = device(machine);
        if (gpu && machine.gpus().isEmpty()) {
            report.fault("There is no GPU to check.");
        } else {
            Path folder = folder(report);
            report.hide(folder);
            new PrecisionCheck(folder, device, report).run();
            speed(folder, device, false, report);
            if (!device.equals("cpu")) {
                speed(folder, device, true, report);
            }
        }
    }

    private String device(Machine machine) {
        if (loading.device() != null) {
            return loading.device();
        }
        return gpu || !machine.gpus().isEmpty() ? "cuda:0" : "cpu";
    }

    private Path folder(DoctorReport report) {
        String name = ModelFolder.named(model, "MODEL", spec.commandLine());
        if (Files.exists(Path.of(name))) {
            report.hide(Path.of(name)); // before a message has it
        }
        try (LoadingBar bar = new LoadingBar(terminal)) {
            Hub hub = Hub.builder().progress(bar.downloading()).build();
            return hub.find(name);
        }
    }

    private void speed(Path folder, String device, boolean graphs, DoctorReport report) {
        report.title(
                "## Speed of " + folder.getFileName() + " on " + device + (graphs ? ", CUDA graphs asked for" : ""));
        InternVLBuilder builder = InternVL.builder(folder).visualCacheBytes(0).maxConcurrent(CONCURRENT);
        loading.applyTo(builder);
        long before = Machine.capturedGraphs();
        try (InternVL loaded = builder.device(device).cudaGraphs(graphs).load()) {
            Roofline limits = Roofline.measure(folder, loaded.devices());
            report.line("- precision " + loaded.precision().name().toLowerCase(Locale.ROOT) + ", " + limits.threads()
                    + " threads of the CPU");
            report.line("- reads " + Units.number(limits.readBandwidth() / 1e9) + " GB/s, multiplies "
                    + Units.number(limits.gemm() / 1e12) + " TFLOP/s; a token reads "
                    + Units.number(limits.bytesPerToken() / 1e6) + " MB of weights");
            report.line("");
            report.line("| figure | best | median | unit | of the limit |");
            report.line("| --- | ---: | ---: | --- | ---: |");
            Benchmark bench = new Benchmark(RUNS, 1, FIGURES::contains, Map.of(), result -> report.line(row(result)));
            new ModelBench(loaded, bench, limits).run();
            if (graphs) {
                report.line("");
                report.line("- CUDA graphs captured: " + (Machine.capturedGraphs() - before));
            }
        }
    }

    private static String row(BenchResult result) {
        Object share = result.tags().getOrDefault("share", "");
        return "| " + result.name() + " | " + Units.number(result.best()) + " | " + Units.number(result.median())
                + " | " + result.unit() + " | " + (share instanceof Double part ? Math.round(100 * part) + " %" : "")
                + " |";
    }
}
