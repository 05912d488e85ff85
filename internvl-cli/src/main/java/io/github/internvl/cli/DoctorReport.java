package io.github.internvl.cli;

import io.github.internvl.internal.model.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The report of {@code internvl doctor}: Markdown that is printed as it grows and written to a file in the end. It names no folder and
 * no user. Faults and hints count apart: a fault is what must not be.
 */
final class DoctorReport {
    private static final int OLDEST_WITH_BFLOAT16 = 80;
    private static final int NEWEST_WITHOUT_CUDA_128 = 90;
    private static final long SMALL_GPU = 4L << 30;

    /** Settings with folders of models and libraries, as variables of the environment or system properties. */
    private static final List<String> CACHES = List.of(
            "HF_HOME",
            "HF_HUB_CACHE",
            "HUGGINGFACE_HUB_CACHE",
            "XDG_CACHE_HOME",
            "DJL_CACHE_DIR",
            "ENGINE_CACHE_DIR",
            "PYTORCH_LIBRARY_PATH");

    private final Terminal terminal;
    private final List<String> lines = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();
    private final Map<String, String> hidden = new LinkedHashMap<>(); // texts and what stands for them

    DoctorReport(Terminal terminal) {
        this.terminal = terminal;
        for (String cache : CACHES) {
            Stream.of(System.getenv(cache), System.getProperty(cache))
                    .filter(folder -> folder != null && !folder.isEmpty())
                    .forEach(folder -> hide(Path.of(folder), "$" + cache));
        }
        hide(Path.of(System.getProperty("user.home")), "~");
    }

    /** Has a folder stand in the report by its last name alone, also where a message has it whole. */
    void hide(Path folder) {
        hide(folder, String.valueOf(folder.toAbsolutePath().normalize().getFileName()));
    }

    private void hide(Path folder, String name) {
        for (Path form :
                List.of(folder.toAbsolutePath(), folder.toAbsolutePath().normalize(), folder)) {
            if (form.isAbsolute() ? form.getNameCount() > 0 : form.getNameCount() > 1) {
                hidden.putIfAbsent(form.toString(), name);
            }
        }
    }

    private String visible(String text) {
        List<String> longestFirst = hidden.keySet().stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
        String shown = text;
        for (String whole : longestFirst) {
            shown = shown.replace(whole, hidden.getOrDefault(whole, ""));
        }
        return shown;
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
        String sentence = visible(text.strip().replaceAll("\\s*\n\\s*", " "));
        faults.add(sentence);
        line("- FAULT: " + sentence);
    }

    void hint(String text) {
        line("- " + text);
    }

    boolean isClean() {
        return faults.isEmpty();
    }

    /** Begins with the versions of this library, Java and the system. */
    void start() {
        title("# internvl doctor");
        String version = DoctorReport.class.getPackage().getImplementationVersion();
        line("- InternVL for Java " + (version == null ? "(unpackaged)" : version) + ", Java "
                + System.getProperty("java.version") + ", " + System.getProperty("os.name") + " "
                + System.getProperty("os.version") + " " + System.getProperty("os.arch") + ", "
                + Runtime.getRuntime().availableProcessors() + " CPUs");
    }

    /** Describes the machine, and what of it keeps a model from a GPU. */
    void machine(Machine machine) {
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
                "- %s: %s, compute capability %s, %s",
                gpu.device(),
                gpu.model().orElse("model unknown without JavaCPP's CUDA presets"),
                gpu.capability() == 0 ? "unknown" : gpu.capability() / 10 + "." + gpu.capability() % 10,
                gpu.freeBytes() == Long.MAX_VALUE
                        ? "memory unknown"
                        : Units.bytes(gpu.freeBytes()) + " of " + Units.bytes(gpu.totalBytes()) + " free"));
        if (gpu.capability() > 0 && gpu.capability() < OLDEST_WITH_BFLOAT16) {
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
