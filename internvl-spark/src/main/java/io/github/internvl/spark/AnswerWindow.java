package io.github.internvl.spark;

import io.github.internvl.ChatResponse;
import io.github.internvl.ModelMemoryException;
import io.github.internvl.QueueFullException;
import io.github.internvl.spark.SharedModels.Lease;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;

/**
 * The answers of a partition, in the order of its rows. Requests are sent ahead, in a window of rows and of bytes: all tasks of an
 * executor together keep twice as many in flight as the model computes at once, so that it always has work while rows are decoded. Rows
 * that are answered behind a slow one wait in the window, up to four times as many as may be in flight.
 *
 * <p>A row that is itself at fault gets an error. A full queue is waited for, and a request that found no memory is asked once more by
 * itself. A model whose engine has ended is closed and forgotten, and the task fails, so that Spark runs it again.
 *
 * <p>One thread takes the rows; the end of the task may close the window from another one.
 */
final class AnswerWindow implements Iterator<Row>, AutoCloseable {
    private static final int AHEAD = 2;
    private static final long POLL_MILLIS = 100;
    private static final long RETRY_MILLIS = 50;
    private static final int HEAP_SHARE = 4;
    private static final int HELD = 4;

    private final Iterator<Row> rows;
    private final Lease lease;
    private final @Nullable TaskContext task;
    private final AnswerRows plan;
    private final ArrayDeque<Pending> pending = new ArrayDeque<>(); // guarded by this, as are the bytes
    private long bytes;
    private volatile boolean closed;
    private long taken;
    private @Nullable Row next;

    /** A row in flight, or one that could not be asked. */
    private static final class Pending {
        private final Row row;
        private final RowReader.@Nullable Asked asked;
        private final long bytes;
        private CompletableFuture<ChatResponse> answer;
        private boolean repeated;

        Pending(Row row, RowReader.@Nullable Asked asked, long bytes, CompletableFuture<ChatResponse> answer) {
            this.row = row;
            this.asked = asked;
            this.bytes = bytes;
            this.answer = answer;
        }

        /** Whether the model has it, or may get it once more. */
        boolean isInFlight() {
            return asked != null && (!answer.isDone() || answer.isCompletedExceptionally());
        }
    }

    AnswerWindow(Iterator<Row> rows, Lease lease, @Nullable TaskContext task, AnswerRows plan) {
        this.rows = rows;
        this.lease = lease;
        this.task = task;
        this.plan = plan;
    }

    @Override
    public boolean hasNext() {
        while (next == null) {
            fill();
            Pending head = head();
            if (head == null) {
                close();
                return false;
            }
            next = settled(head);
            remove(head);
            taken++;
        }
        return true;
    }

    @Override
    public Row next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException();
        }
        Row row = next;
        next = null;
        return row;
    }

    /** Cancels what is in flight and returns the share of the model. Harmless when repeated. */
    @Override
    public synchronized void close() {
        closed = true;
        pending.forEach(one -> one.answer.cancel(true));
        pending.clear();
        lease.close();
    }

    private synchronized @Nullable Pending head() {
        return pending.peek();
    }

    private synchronized void remove(Pending head) {
        if (pending.remove(head)) {
            bytes -= head.bytes;
        }
    }

    private void fill() {
        int users = lease.users();
        int inFlight = plan.window() > 0
                ? plan.window()
                : Math.max(2, (AHEAD * lease.model().maxConcurrent() + users - 1) / users);
        long room = Runtime.getRuntime().maxMemory() / HEAP_SHARE / users;
        while (wants(inFlight, room) && rows.hasNext()) {
            ask(rows.next());
        }
    }

    private synchronized boolean wants(int inFlight, long room) {
        if (closed || pending.isEmpty()) {
            return !closed;
        }
        return bytes < room
                && pending.size() < HELD * inFlight
                && pending.stream().filter(Pending::isInFlight).count() < inFlight;
    }

    /** Sends a row's request; rows are taken and decoded without the lock, since that may take long. */
    private void ask(Row row) {
        long files = plan.reader().fileBytes(row);
        RowReader.Asked asked;
        try {
            asked = plan.reader().read(row);
        } catch (RuntimeException e) { // the row's, which is reported with it
            add(new Pending(row, null, files, CompletableFuture.failedFuture(e)));
            return;
        }
        synchronized (this) {
            if (!closed) {
                add(new Pending(row, asked, files + asked.bytes(), lease.model().chatAsync(asked.request())));
            }
        }
    }

    private synchronized void add(Pending one) {
        if (!closed) {
            bytes += one.bytes;
            pending.add(one);
        }
    }

    /** The row with its answer; null for one that is dropped. */
    private @Nullable Row settled(Pending head) {
        while (true) {
            try {
                return plan.answered(head.row, taken, await(head.answer));
            } catch (ExecutionException e) {
                Throwable failure = e.getCause() == null ? e : e.getCause();
                if (failure instanceof Error error) {
                    throw error;
                }
                if (head.asked != null && lease.isLost()) {
                    throw lost(failure);
                }
                if (head.asked == null || !asksAgain(head, failure)) {
                    return plan.failed(head.row, taken, failure);
                }
                synchronized (this) {
                    refuseEnded();
                    head.answer = lease.model().chatAsync(head.asked.request());
                }
            }
        }
    }

    /** Whether a request may get an answer when it is repeated now; waits for that time. */
    private boolean asksAgain(Pending head, Throwable failure) {
        if (failure instanceof QueueFullException) {
            pause();
            return true;
        }
        if (failure instanceof ModelMemoryException && !head.repeated) {
            head.repeated = true;
            for (Pending other : inWindow()) {
                while (other != head && !other.answer.isDone()) {
                    pause();
                }
            }
            return true;
        }
        return false;
    }

    private synchronized List<Pending> inWindow() {
        return List.copyOf(pending);
    }

    private void pause() {
        refuseEnded();
        try {
            TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private ChatResponse await(CompletableFuture<ChatResponse> answer) throws ExecutionException {
        while (true) {
            try {
                return answer.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                refuseEnded();
            } catch (CancellationException e) { // by close() alone
                throw new TaskKilledException("ended while answers were awaited");
            } catch (InterruptedException e) {
                throw interrupted();
            }
        }
    }

    private void refuseEnded() {
        if (closed || (task != null && task.isInterrupted())) {
            throw new TaskKilledException("killed while answers were awaited");
        }
    }

    private static TaskKilledException interrupted() {
        Thread.currentThread().interrupt();
        return new TaskKilledException("interrupted while answers were awaited");
    }

    /**
     * The failure of the task whose model is lost. A GPU that failed works no more in this process: there the executor ends, as Spark
     * lets it after an error of the virtual machine, and another one takes its tasks.
     */
    private RuntimeException lost(Throwable failure) {
        boolean ended = lease.model().stats().failure().isPresent();
        boolean onGpu = lease.model().device().startsWith("cuda");
        lease.abandon();
        if (ended && onGpu && !SparkEnv.get().executorId().equals("driver")) {
            throw new InternalError("the GPU of this executor has failed; it ends, and others go on", failure);
        }
        return new IllegalStateException(
                "the model of this executor answers no more; the next task loads it again", failure);
    }
}
