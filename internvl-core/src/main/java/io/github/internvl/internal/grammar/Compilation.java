package io.github.internvl.internal.grammar;

import io.github.internvl.InternVLException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** The compiling of one format for all who wait for it. It goes on while anyone does. Thread-safe. */
final class Compilation implements Meter {
    private static final int PAUSE_MILLIS = 20; // between two looks at the steps

    private final CompletableFuture<Grammar> result = new CompletableFuture<>();
    private final AtomicLong steps = new AtomicLong();
    private int waiting; // guarded by this
    private volatile boolean abandoned;

    /** Compiles; from the thread that does so. */
    void run(Supplier<Grammar> compiler) {
        try {
            result.complete(compiler.get());
        } catch (StackOverflowError e) {
            result.completeExceptionally(
                    new UnsupportedFormatException("the format is nested too deeply; write it flatter"));
        } catch (Throwable e) { // told to all who wait
            result.completeExceptionally(e);
        }
    }

    @Override
    public void charge(long amount) {
        steps.addAndGet(amount);
        if (abandoned) {
            throw new CancellationException("nobody waits for the format any more");
        }
    }

    /** One more waits; false if it has been given up. */
    synchronized boolean join() {
        if (abandoned) {
            return false;
        }
        waiting++;
        return true;
    }

    private synchronized void leave() {
        waiting--;
        abandoned |= waiting == 0 && !result.isDone();
    }

    /** Waits for the end; the meter gets all steps, and ends the waiting of this one by what it throws. */
    Grammar await(Meter meter) {
        try {
            long charged = 0;
            boolean done;
            do {
                done = isDoneSoon();
                long now = steps.get();
                meter.charge(now - charged);
                charged = now;
            } while (!done);
            return result.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new InternVLException("a format failed to compile: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the thread was interrupted while it waited for a format");
        } finally {
            leave();
        }
    }

    private boolean isDoneSoon() throws InterruptedException {
        try {
            result.get(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            return true; // await tells of it
        }
    }

    boolean hasFailed() {
        return result.isCompletedExceptionally();
    }

    /** Whether the compiling goes on. */
    boolean isRunning() {
        return !result.isDone();
    }

    /** Bytes of what was compiled, about. */
    long weight() {
        return result.isDone() && !hasFailed() ? result.join().weight() : 0;
    }
}
