package io.github.internvl.tokenizer;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
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
     * On a machine with a GPU, DJL would look for a CUDA build of the library and download it; tokenizers have no use for one. The
     * property that says so is DJL's own and is read only here.
     */
    private static synchronized void loadLibrary() {
        String flavor = "RUST_FLAVOR";
        boolean chosen = System.getenv(flavor) != null || System.getProperty(flavor) != null;
        if (!chosen) {
            System.setProperty(flavor, "cpu");
        }
        Thread thread = Thread.currentThread();
        ClassLoader context = thread.getContextClassLoader();
        try {
            thread.setContextClassLoader(knowsDjl(context) ? context : NativeTokenizer.class.getClassLoader());
            LibUtils.checkStatus();
        } catch (RuntimeException | LinkageError e) {
            throw new TokenizerException("the native tokenizer library cannot be loaded: " + LibraryFailure.cure(e), e);
        } finally {
            thread.setContextClassLoader(context);
            if (!chosen) {
                System.clearProperty(flavor);
            }
        }
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
