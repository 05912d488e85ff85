package io.github.internvl.internal.torch;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.engine.StandardCapabilities;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process-wide libtorch: started once, on first use, by whichever thread comes first. */
public final class TorchRuntime {
    private static final Logger LOG = LoggerFactory.getLogger(TorchRuntime.class);

    private TorchRuntime() {}

    private static @Nullable NDManager root;
    private static OptionalInt threads = CpuThreads.choose(OptionalInt.empty());

    private static synchronized NDManager root() {
        if (root == null) {
            root = LibraryLoader.torch();
        }
        return root;
    }

    /** Checks the native tokenizers in DJL's cache before they are loaded. */
    public static void prepareTokenizers() {
        LibraryLoader.tokenizers();
    }

    /** Version of the libtorch in use, such as {@code 2.7.1}. */
    public static String version() {
        return root().getEngine().getVersion();
    }

    /** How many CUDA devices libtorch can use; 0 with a CPU build. */
    public static int gpuCount() {
        return root().getEngine().getGpuCount();
    }

    /** Sets how many threads compute on CPUs, for every thread that is prepared from now on. */
    public static synchronized void threads(OptionalInt wanted) {
        threads = CpuThreads.choose(wanted);
    }

    /** How many threads compute on CPUs when this one computes. */
    public static int threads() {
        return JniUtils.getNumThreads();
    }

    /**
     * Makes the calling thread run graphs as they are written, on as many threads as are set. By default libtorch watches the
     * first calls of each shape and then compiles again, which for graphs whose shapes change all the time costs and never
     * pays.
     */
    public static synchronized void prepareThread() {
        root();
        JniUtils.setGraphExecutorOptimize(false);
        threads.ifPresent(JniUtils::setNumThreads);
    }

    /**
     * Does work that is not an engine's on a thread that ends with it. Each thread that has computed keeps OpenMP's helpers
     * for itself; as soon as all of them together are more than there are CPUs, libgomp lets them sleep between two loops
     * instead of waiting awake, and waking them a few hundred times costs a decode step a quarter of its time.
     */
    public static <T> T onOwnThread(Supplier<T> work) {
        CompletableFuture<T> done = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                prepareThread();
                done.complete(work.get());
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        });
        thread.setName("internvl-work");
        thread.setDaemon(true);
        thread.setContextClassLoader(TorchRuntime.class.getClassLoader());
        thread.start();
        try {
            return done.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** Whether an exception comes out of libtorch, and not out of Java code that runs beside it. */
    public static boolean threw(Throwable e) {
        return e instanceof EngineException;
    }

    /** Whether a device still computes, which a small product tells. */
    public static boolean computes(String device) {
        try (ScriptModule probe = ScriptModule.compile("probe", Map.of("linear", "dense"));
                Tensor product = probe.call("check", NumberFormat.FLOAT32.code(), device)) {
            return product.shape().length > 0;
        } catch (RuntimeException e) {
            LOG.debug("{} does not compute", device, e);
            return false;
        }
    }

    /** Gives memory of CUDA devices that libtorch keeps for later tensors back to the driver, as far as they still take calls. */
    public static void trimGpuMemory() {
        if (gpuCount() > 0) {
            try {
                JniUtils.emptyCudaCache();
            } catch (EngineException e) { // of a device that has failed for good, whose first error is known
                LOG.debug("memory of CUDA devices is not given back", e);
            }
        }
    }

    /** Whether libtorch is a build for CUDA, be there a device or not. */
    public static boolean isForCuda() {
        return root().getEngine().hasCapability(StandardCapabilities.CUDA);
    }

    /** Gives memory that was freed back to the system, where the C library keeps it until asked (glibc). */
    public static void trimMemory() {
        if (System.getProperty("os.name").equals("Linux")) {
            try (NativeLibrary c = ownLibc()) {
                c.getFunction("malloc_trim").invokeInt(new Object[] {new NativeLong(0)});
            } catch (LinkageError e) {
                LOG.debug("this C library trims by itself, or JNA cannot unpack its own", e);
            }
        }
    }

    /**
     * The C library. The caller closes it, so that JNA's thread ends, which keeps the class loader. JNA caches by name and options: an option
     * that is unique keeps the instance apart from one that the application holds.
     */
    static NativeLibrary ownLibc() {
        return NativeLibrary.getInstance("c", Map.of("owner", new Object()));
    }

    /** Whether the CPU multiplies bfloat16 numbers itself; others imitate it, many times slower than float32. */
    public static boolean cpuHasBfloat16() {
        try (ScriptModule cpu = ScriptModule.compile("cpu", Map.of());
                Tensor known = cpu.call("bfloat16")) {
            return known.longs()[0] != 0;
        } catch (RuntimeException e) { // a libtorch that does not know the question has no such code either
            LOG.debug("no bfloat16 on this CPU", e);
            return false;
        }
    }

    static NDManager manager() {
        return root().newSubManager(Device.cpu());
    }
}
