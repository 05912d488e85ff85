package io.github.internvl.tokenizer;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The one owner of a native tokenizer of DJL's Hugging Face binding. Any number of threads may encode at once; closing waits for them.
 *
 * <p>It calls the binding itself and not DJL's wrapper around it, which copies seven more arrays out of every encoding, sets
 * truncation and padding of its own, and reports home when it is made.
 */
final class NativeTokenizer implements AutoCloseable {
    private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;

    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private long handle; // 0 once closed

    NativeTokenizer(Definition definition) {
        loadLibrary();
        try {
            handle = LIBRARY.createTokenizerFromString(definition.json());
        } catch (RuntimeException e) {
            throw definition.diagnosis().apply(e);
        }
        LIBRARY.disableTruncation(handle);
        LIBRARY.disablePadding(handle);
    }

    /**
     * Has DJL load the library, with two settings of DJL's own, which are read only here. On a machine with a GPU, DJL would look for
     * a CUDA build of the library and download it; tokenizers have no use for one.
     */
    private static synchronized void loadLibrary() {
        Map<String, String> settings = new HashMap<>(Map.of("RUST_FLAVOR", "cpu"));
        Thread thread = Thread.currentThread();
        ClassLoader context = thread.getContextClassLoader();
        try {
            thread.setContextClassLoader(knowsDjl(context) ? context : NativeTokenizer.class.getClassLoader());
            Path copy = unpackedForGpu(LibraryFailure.home());
            if (copy != null) {
                settings.put("RUST_LIBRARY_PATH", copy.toString());
            }
            settings.keySet().removeIf(name -> System.getenv(name) != null || System.getProperty(name) != null);
            settings.forEach(System::setProperty);
            LibUtils.checkStatus();
        } catch (IOException | RuntimeException | LinkageError e) {
            throw new TokenizerException("the native tokenizer library cannot be loaded: " + LibraryFailure.cure(e), e);
        } finally {
            thread.setContextClassLoader(context);
            settings.keySet().forEach(System::clearProperty);
        }
    }

    /**
     * The library, where DJL unpacked it for a GPU that this process does not see; null elsewhere. DJL keeps it below
     * a folder named for the GPU's compute capability, and without a GPU it unpacks into the folder above, which it takes for
     * unpacked as soon as it exists. Platforms that share a home have folders of their own in it.
     */
    static @Nullable Path unpackedForGpu(Path home) throws IOException {
        Properties own = new Properties();
        try (InputStream file = LibUtils.class.getResourceAsStream("/native/lib/tokenizers.properties")) {
            if (file == null) {
                return null; // DJL says so itself
            }
            own.load(file);
        }
        String name = System.mapLibraryName("tokenizers");
        Path folder = home.resolve(own.getProperty("version") + "-cpu-" + classifier());
        if (!Files.isDirectory(folder) || Files.exists(folder.resolve(name))) {
            return null;
        }
        try (Stream<Path> below = Files.list(folder)) {
            return below.map(each -> each.resolve(name))
                    .filter(Files::exists)
                    .findFirst()
                    .orElse(null);
        }
    }

    /** The platform as DJL writes it, such as linux-x86_64; DJL's own answer would look for a GPU. */
    static String classifier() {
        String system = System.getProperty("os.name");
        String prefix = system.startsWith("Win") ? "win" : system.startsWith("Mac") ? "osx" : "linux";
        String arch = System.getProperty("os.arch");
        return prefix + "-" + (arch.equals("amd64") ? "x86_64" : arch);
    }

    /** Whether DJL, which looks for its files through the context class loader, finds them. */
    private static boolean knowsDjl(@Nullable ClassLoader loader) {
        try {
            return loader != null
                    && loader.loadClass(LibUtils.class.getName()).getClassLoader()
                            == TokenizersLibrary.class.getClassLoader();
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    int[] encode(String text, boolean addSpecialTokens) {
        long[] ids;
        lock.readLock().lock();
        try {
            if (handle == 0) {
                throw new IllegalStateException("tokenizer must be open, but has been closed");
            }
            long encoding = LIBRARY.encode(handle, text, addSpecialTokens);
            ids = LIBRARY.getTokenIds(encoding);
            LIBRARY.deleteEncoding(encoding);
        } finally {
            lock.readLock().unlock();
        }
        int[] result = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            result[i] = (int) ids[i];
        }
        return result;
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (handle != 0) {
                LIBRARY.deleteTokenizer(handle);
                handle = 0;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
