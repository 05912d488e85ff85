package io.github.internvl.internal.torch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;

/** The process-wide libtorch: started once, on first use, by whichever thread comes first. */
public final class TorchRuntime {
    private static final String ENGINE = "PyTorch";

    private TorchRuntime() {}

    /** Holds the engine; its class initialiser is the start. */
    private static final class Started {
        static final NDManager ROOT = start();

        private static NDManager start() {
            if (System.getProperty("OPT_OUT_TRACKING") == null) {
                System.setProperty("OPT_OUT_TRACKING", "true"); // DJL would report each start to its makers
            }
            Engine.getEngine(ENGINE);
            return NDManager.newBaseManager(Device.cpu(), ENGINE);
        }
    }

    /** Version of the libtorch in use, such as {@code 2.7.1}. */
    public static String version() {
        return Started.ROOT.getEngine().getVersion();
    }

    /** How many CUDA devices libtorch can use; 0 with a CPU build. */
    public static int gpuCount() {
        return Started.ROOT.getEngine().getGpuCount();
    }

    /**
     * Makes the calling thread run graphs as they are written. By default libtorch watches the first calls of each shape and
     * then compiles again, which for graphs whose shapes change all the time costs and never pays.
     */
    public static void runGraphsAsWritten() {
        Started.ROOT.getEngine();
        JniUtils.setGraphExecutorOptimize(false);
    }

    static NDManager manager() {
        return Started.ROOT.newSubManager(Device.cpu());
    }
}
