package io.github.internvl.internal.torch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtEngineProvider;
import io.github.internvl.InternVLException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ServiceConfigurationError;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Has DJL load its native libraries, after what lies in its cache has been checked. DJL finds all it needs through the context
 * class loader, so that is set to one that knows DJL; and its services are not asked for, as a shaded jar may have lost them.
 */
final class LibraryLoader {
    private static final String ENGINE = "PyTorch";
    private static final String TORCH_PATH = "PYTORCH_LIBRARY_PATH";
    private static final String TOKENIZERS_PATH = "RUST_LIBRARY_PATH";

    /** Whether this class loader has them; each later model would take its own mapping for another class loader's. */
    private static boolean tokenizersReady;

    private LibraryLoader() {}

    private interface Load<T> {
        T run() throws IOException;
    }

    static NDManager torch() {
        setUnlessChosen("OPT_OUT_TRACKING", "true"); // DJL would report each start to its makers
        return loaded("libtorch", () -> {
            if (isFolderChosen() || isChosen("PYTORCH_VERSION")) {
                return engine();
            }
            LibraryCache cache = LibraryCache.ofTorch();
            cache.repair();
            SharedLibraries.checkOne(cache);
            try (SharedLibraries shared = SharedLibraries.of(cache)) {
                return shared == null ? engine() : with(TORCH_PATH, shared.folder(), LibraryLoader::engine);
            }
        });
    }

    private static NDManager engine() {
        Engine.registerEngine(new PtEngineProvider());
        return NDManager.newBaseManager(Device.cpu(), ENGINE);
    }

    /** Checks the native tokenizers, and loads them if another class loader has; else who needs them first does. */
    static void tokenizers() {
        if (isChosen(TOKENIZERS_PATH)) {
            return;
        }
        loaded("the native tokenizers", () -> {
            if (tokenizersReady) {
                return true;
            }
            LibraryCache cache = LibraryCache.ofTokenizers();
            cache.repair();
            try (SharedLibraries shared = SharedLibraries.of(cache)) {
                if (shared != null) {
                    Path file = shared.folder().resolve(System.mapLibraryName("tokenizers"));
                    with(TOKENIZERS_PATH, file, () -> {
                        LibUtils.checkStatus();
                        return file;
                    });
                }
            }
            tokenizersReady = true;
            return true;
        });
    }

    /** Loads with the right context class loader, one class loader at a time in the whole process. */
    private static <T> T loaded(String thing, Load<T> load) {
        Thread thread = Thread.currentThread();
        ClassLoader context = thread.getContextClassLoader();
        try {
            thread.setContextClassLoader(knowsDjl(context) ? context : LibraryLoader.class.getClassLoader());
            synchronized (Runtime.getRuntime()) { // an object that all class loaders see
                return load.run();
            }
        } catch (InternVLException e) {
            throw e;
        } catch (IOException
                | RuntimeException
                | LinkageError
                | ServiceConfigurationError
                | AssertionError e) { // DJL's, for a file that a jar has lost
            throw LoadFailure.of(thing, e);
        } finally {
            thread.setContextClassLoader(context);
        }
    }

    private static boolean knowsDjl(@Nullable ClassLoader loader) {
        try {
            return loader != null && loader.loadClass(Engine.class.getName()) == Engine.class;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static <T> T with(String property, Path value, Supplier<T> work) {
        System.setProperty(property, value.toString());
        try {
            return work.get();
        } finally {
            System.clearProperty(property);
        }
    }

    private static void setUnlessChosen(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /** Whether libtorch is to come from a folder that the user named. */
    static boolean isFolderChosen() {
        return isChosen(TORCH_PATH);
    }

    private static boolean isChosen(String setting) {
        return System.getenv(setting) != null || System.getProperty(setting) != null;
    }
}
