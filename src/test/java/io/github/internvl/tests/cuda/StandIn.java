package io.github.internvl.tests.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.NativeLibrary;
import io.github.internvl.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A stand-in for CUDA below the libtorch of Python's torch 2.7.1 for CUDA: memory is the host's, kernels are counted and do not run. It
 * is loaded before all other libraries, so each test is a process of its own.
 */
final class StandIn {
    /** The system property with the folder site-packages that has torch for CUDA. */
    static final String TORCH = "internvl.cudaTorch";

    private static final Path FOLDER =
            Checkout.ROOT.resolve("src/test/target/cuda").toAbsolutePath();

    /** As in the process that it stands in. */
    private static final class Here {
        static final NativeLibrary LIBRARY =
                NativeLibrary.getInstance(FOLDER.resolve("libstandin.so").toString());
    }

    private StandIn() {}

    private static Path torch() {
        return Path.of(Objects.requireNonNull(System.getProperty(TORCH))).toAbsolutePath();
    }

    /** Compiles it; the compilers are the system's. */
    static void build() throws IOException, InterruptedException {
        ProcessBuilder build = new ProcessBuilder(
                "sh", Checkout.ROOT.resolve("src/test/cuda/build.sh").toString());
        build.environment().putAll(Map.of("SITE", torch().toString(), "OUT", FOLDER.toString()));
        finished(build);
    }

    /**
     * Runs a part of {@link CudaProgram} on it; what the process prints.
     *
     * @param settings variables of the environment, such as {@code STANDIN_DEVICES}
     */
    static String run(Map<String, String> settings, CudaProgram.Part part, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-Xmx512m",
                "-DPYTORCH_LIBRARY_PATH=" + torch().resolve("torch/lib"),
                "-DPYTORCH_FLAVOR=cu128",
                "-DPYTORCH_LIBRARY_EXCLUSION=libtorch_python.so,libshm.so",
                "-Djna.library.path=" + FOLDER,
                "-DDJL_CACHE_DIR=" + FOLDER.resolve("djl"),
                "-D" + TORCH + "=" + torch(),
                "-Dorg.slf4j.simpleLogger.log.io.github.internvl=info", // sizes of the KV cache
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                CudaProgram.class.getName(),
                part.name()));
        command.addAll(List.of(arguments));
        Map<String, String> environment = new HashMap<>(settings);
        environment.putIfAbsent("STANDIN_TOKEN", "5");
        environment.put("LD_PRELOAD", FOLDER.resolve("libstandin.so").toString());
        environment.put("LD_LIBRARY_PATH", FOLDER + ":" + torch().resolve("nvidia/cuda_runtime/lib"));
        ProcessBuilder run = new ProcessBuilder(command);
        run.environment().putAll(environment);
        return finished(run);
    }

    private static String finished(ProcessBuilder process) throws IOException, InterruptedException {
        Files.createDirectories(FOLDER);
        Process started = process.redirectErrorStream(true).start();
        String printed = new String(started.getInputStream().readAllBytes(), UTF_8);
        assertThat(started.waitFor()).as(printed).isZero();
        return printed;
    }

    /** A count since {@link #reset}: {@code kernels}, {@code syncs}, {@code uploads}, {@code downloads} and others. */
    static long count(String what) {
        return Here.LIBRARY.getFunction("standin_count").invokeLong(new Object[] {what});
    }

    static void reset() {
        Here.LIBRARY.getFunction("standin_reset").invokeVoid(new Object[] {});
    }

    /** Bytes that a device has given away. */
    static long used(int device) {
        return Here.LIBRARY.getFunction("standin_used").invokeLong(new Object[] {device});
    }

    /** Sets how much memory each device has. */
    static void total(long bytes) {
        Here.LIBRARY.getFunction("standin_total").invokeVoid(new Object[] {bytes});
    }

    /** Has trials of linears read as this number, as no kernel computes one; 0: has them read as what is in memory. */
    static void probe(int value) {
        Here.LIBRARY.getFunction("standin_probe").invokeVoid(new Object[] {value});
    }

    /** Has a launch fail with one of CUDA's errors, after so many launches; -1: has none fail, and the device work again. */
    static void fail(long launches, int code) {
        Here.LIBRARY.getFunction("standin_fail").invokeVoid(new Object[] {launches, code});
    }
}
