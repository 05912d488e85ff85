package io.github.internvl.internal.format;

import io.github.internvl.InternVLException;
import io.github.internvl.grammar.CompiledGrammar;
import io.github.internvl.grammar.Meter;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** The compilation of one format for all requests that wait for it. It goes on while any of them waits. Thread-safe. */
final class Compilation implements Meter {
    private static final int PAUSE_MILLIS = 20; // between two looks at the steps

    private final CompletableFuture<CompiledGrammar> result = new CompletableFuture<>();
    private final AtomicLong steps = new AtomicLong();
    private int waiting; // guarded by this
    private volatile boolean abandoned;

    /** Compiles, on the calling thread. */
    void run(Supplier<CompiledGrammar> compiler) {
        try {
            result.complete(compiler.get());
        } catch (Throwable e) { // rethrown by await
            result.completeExceptionally(e);
        }
    }

    @Override
    public void charge(long amount) {
        steps.addAndGet(amount);
        if (abandoned) {
            throw new CancellationException("no request waits for the format any more");
        }
    }

    /** Adds a waiting request; false if the compilation was abandoned. */
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

    /** Waits for the result; the meter is charged all steps, and ends this wait by throwing. */
    CompiledGrammar await(Meter meter) {
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
            return true; // rethrown by await
        }
    }

    boolean hasFailed() {
        return result.isCompletedExceptionally();
    }

    /** Whether the compilation is still running. */
    boolean isRunning() {
        return !result.isDone();
    }

    /** The memory of the result in bytes, approximately. */
    long weight() {
        return result.isDone() && !hasFailed() ? result.join().weight() : 0;
    }
}
