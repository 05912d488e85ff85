package io.github.internvl.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * A lock that keeps others from fetching the same blob at the same time: threads of this JVM, and other JVMs through a lock
 * file. It saves traffic; correctness does not depend on it, since Python on Linux takes another kind of lock on the same
 * file, and some network file systems have none. A second writer writes the same bytes to the same places, or renames over
 * an equal blob.
 */
final class CacheLock implements AutoCloseable {
    private static final ConcurrentMap<Path, Semaphore> HERE = new ConcurrentHashMap<>();

    private static final long PAUSE_MILLIS = 50;

    private final Semaphore here;
    private final @Nullable FileChannel file;

    private CacheLock(Semaphore here, @Nullable FileChannel file) {
        this.here = here;
        this.file = file;
    }

    /** Waits for the lock. */
    static CacheLock of(Path lock) throws IOException, InterruptedException {
        Files.createDirectories(lock.getParent());
        Semaphore here = HERE.computeIfAbsent(lock, unused -> new Semaphore(1));
        here.acquire();
        try {
            return new CacheLock(here, locked(lock));
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            here.release();
            throw e;
        }
    }

    /**
     * Polls instead of waiting in the kernel, which counts locks by process and would report a deadlock where threads of two
     * processes wait for each other's files.
     */
    private static @Nullable FileChannel locked(Path lock) throws IOException, InterruptedException {
        FileChannel file = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            while (!isLocked(file)) {
                Thread.sleep(PAUSE_MILLIS);
            }
            return file;
        } catch (IOException e) {
            file.close();
            return null; // a file system without locks
        } catch (InterruptedException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    @SuppressWarnings("resource") // a lock ends with its channel
    private static boolean isLocked(FileChannel file) throws IOException {
        return file.tryLock() != null;
    }

    @Override
    public void close() throws IOException {
        try {
            if (file != null) {
                file.close();
            }
        } finally {
            here.release();
        }
    }
}
