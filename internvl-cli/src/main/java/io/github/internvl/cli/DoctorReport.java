package io.github.internvl.cli;

import io.github.internvl.internal.model.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The report of {@code internvl doctor}: Markdown that is printed as it grows and written to a file in the end. It names no folder and
 * no user. Faults and hints count apart: a fault is what must not be.
 */
final class DoctorReport {
    private static final int OLDEST_TENSOR_CORES = 80;
    private static final int NEWEST_WITHOUT_CUDA_128 = 90;
    private static final long SMALL_GPU = 4L << 30;

    private final Terminal terminal;
    private final List<String> lines = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();
    private Path hidden = Path.of("");

    DoctorReport(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Has a folder stand in the report by its last name alone, also where a message has it whole. */
    void hide(Path folder) {
        hidden = folder;
    }

    private String visible(String text) {
        String whole = hidden.toString();
        return whole.isEmpty() ? text : text.replace(whole, String.valueOf(hidden.getFileName()));
    }

    void title(String text) {
        if (!lines.isEmpty()) {
            line("");
        }
        line(text);
        line("");
    }

    void line(String text) {
        String shown = visible(text);
        lines.add(shown);
        terminal.out().println(shown);
        terminal.out().flush();
    }

    /** A fault, in a sentence that says what to do. */
    void fault(String text) {
        faults.add(visible(text));
        line("- FAULT: " + text);
    }

    void hint(String text) {
        line("- " + text);
    }

    boolean isClean() {
        return faults.isEmpty();
    }

    /** Describes the machine, and what of it keeps a model from a GPU. */
    void machine(Machine machine) {
        title("# internvl doctor");
        String version = DoctorReport.class.getPackage().getImplementationVersion();
        line("- InternVL for Java " + (version == null ? "(unpackaged)" : version) + ", Java "
                + System.getProperty("java.version") + ", " + System.getProperty("os.name") + " "
                + System.getProperty("os.version") + " " + System.getProperty("os.arch") + ", "
                + Runtime.getRuntime().availableProcessors() + " CPUs");
        line("- libtorch " + machine.libtorch() + ", a build for " + (machine.forCuda() ? "CUDA" : "CPUs")
                + machine.runtime()
                        .map(runtime -> "; CUDA's runtime " + runtime)
                        .orElse("")
                + machine.driver().map(driver -> "; driver " + driver).orElse(""));
        machine.gpus().forEach(this::gpu);
        if (!machine.hasGpu()) {
            hint("This machine has no NVIDIA GPU, or no driver for it: nvidia-smi lists the GPUs that a driver sees.");
        } else if (!machine.forCuda()) {
            fault(
                    "This machine has an NVIDIA GPU, and libtorch is a build for CPUs; docs/gpu.md says how to take one for CUDA.");
        } else if (machine.gpus().isEmpty()) {
            fault("libtorch sees no GPU: the driver must work (nvidia-smi), and JNA must find libcudart "
                    + "(-Djna.library.path); docs/gpu.md has the settings.");
        }
    }

    private void gpu(Machine.Gpu gpu) {
        line(String.format(
                Locale.ROOT,
                "- %s: %s, compute capability %d.%d, %s of %s free",
                gpu.device(),
                gpu.model().orElse("model unknown without JavaCPP's CUDA presets"),
                gpu.capability() / 10,
                gpu.capability() % 10,
                Units.bytes(gpu.freeBytes()),
                Units.bytes(gpu.totalBytes())));
        if (gpu.capability() < OLDEST_TENSOR_CORES) {
            hint(gpu.device() + " imitates bfloat16, so float16 is the default on it.");
        }
        if (gpu.capability() > NEWEST_WITHOUT_CUDA_128) {
            hint(gpu.device() + " needs the libtorch for CUDA 12.8: others have no code for it.");
        }
        if (gpu.freeBytes() < SMALL_GPU) {
            hint(
                    gpu.device()
                            + " has little memory free: nvidia-smi names the programs that hold it; a model of 1B takes 3 GiB.");
        }
    }

    /** Ends the report with a summary, and writes it. */
    void write(Path file) throws IOException {
        title("## Summary");
        if (faults.isEmpty()) {
            line("No fault was found.");
        } else {
            faults.forEach(fault -> line("- " + fault));
        }
        Files.write(file, lines);
    }
}
