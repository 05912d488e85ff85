package io.github.internvl.internal.engine;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.internal.model.LanguageModel;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.torch.TorchRuntime;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.tiles.PixelTiles;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop that answers all requests to a model. One daemon thread owns graphs, slots and sequences; requests arrive from any
 * thread and are computed together: tiles in bounded batches, prompts in bounded chunks, and one token of every answer per step.
 * {@link #turn} is the whole of it: admit, encode tiles, plan, run, advance.
 *
 * <p>A request that fails takes only the requests of the same step with it; the loop continues, also after a lack of memory. Two
 * things end it: an exception of libtorch that says that the device has failed, and an unexpected exception in two turns in a
 * row. All requests inside fail then, {@link #failure} gives the reason, and so does the rejection of each later request.
 */
public final class Engine implements AutoCloseable {
    /**
     * The limits of an engine.
     *
     * @param slots the most answers that are generated at the same time
     * @param contextTokens the most tokens of a prompt and its answer together
     * @param chunkTokens the most prompt tokens of a step, beside one token of each answer
     * @param tiles the most tiles that go through the ViT together
     * @param waiting the most requests that wait for a slot
     * @param keyTokens the most tokens for which all slots together allocate keys and values
     * @param visualBytes the most bytes of visual tokens to cache
     */
    public record Limits(
            int slots, int contextTokens, int chunkTokens, int tiles, int waiting, long keyTokens, long visualBytes) {

        /** Rounds the KV cache up to the granularity of slots. */
        public Limits {
            keyTokens = LanguageModel.room(keyTokens);
        }

        /** The same limits with another size of the KV cache. */
        public Limits withKeyTokens(long tokens) {
            return new Limits(slots, contextTokens, chunkTokens, tiles, waiting, tokens, visualBytes);
        }

        /** Tokens of each slot, if the slots share the KV cache evenly. */
        public int slotTokens() {
            return Math.toIntExact(keyTokens / slots);
        }

        /** Limits under which every request is eventually served. */
        public Limits(int slots, int contextTokens, int chunkTokens, int tiles) {
            this(
                    slots,
                    contextTokens,
                    chunkTokens,
                    tiles,
                    Integer.MAX_VALUE - slots,
                    (long) slots * contextTokens,
                    64 << 20);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Engine.class.getPackageName());
    private static final int PAUSE_MILLIS = 20;
    private static final int MOST_PAUSES = 500;
    private static final long PAUSE_NANOS = 500_000;

    private final Models models;
    private final Tokenizer tokenizer;
    private final Limits limits;
    private final TileEncoder tiles;
    private final SlotPool pool;
    private final Scheduler scheduler;
    private final Thread thread;

    private final RequestQueue queue;
    private final Endings endings;

    private @Nullable Throwable death;
    private int strikes; // turns in a row that ended in an unexpected exception

    private static final class Loop extends Thread {
        Loop(Runnable loop) {
            super(loop, "internvl-engine");
            setDaemon(true);
            setContextClassLoader(Engine.class.getClassLoader()); // a caller's would live as long as the model
        }
    }

    /** Starts an engine that owns {@code models}: closing the engine closes them. */
    public Engine(Models models, Tokenizer tokenizer, Limits limits) {
        this.models = models;
        this.tokenizer = tokenizer;
        this.limits = limits;
        long chunk = models.language().multiplications(limits.chunkTokens());
        this.tiles = new TileEncoder(models.vision(), limits.visualBytes(), limits.tiles(), chunk);
        this.pool = new SlotPool(
                limits.slots(), limits.keyTokens(), models.language().plainLimit());
        this.scheduler = new Scheduler(pool, limits.chunkTokens());
        this.queue = new RequestQueue(limits.slots(), limits.waiting());
        this.endings = new Endings(scheduler, queue, models::compute);
        this.thread = new Loop(this::run);
        thread.start();
    }

    /**
     * Rejects a request before any work is done for it: one that needs more slots than there are, and any while the queue is full.
     * {@link #submit} decides on the queue again.
     */
    public void check(GenerationConfig config) {
        int width = PreparedRequest.width(config);
        if (width > limits.slots()) {
            throw new InvalidRequestException("a request must not need more slots than there are: " + width
                    + " for its answers or beams, of " + limits.slots() + "; load the model with maxConcurrent(" + width
                    + ") or more");
        }
        queue.check();
    }

    /**
     * Rejects a wait for an answer on the thread that computes answers: a callback that waits there would wait for itself.
     *
     * @throws IllegalStateException on such a thread
     */
    public static void refuseOwnThread() {
        if (Thread.currentThread() instanceof Loop) {
            throw new IllegalStateException("a callback on the engine's thread must not wait for an answer, which only"
                    + " this thread computes; call chatAsync there, and wait on another thread");
        }
    }

    /** The exception that ended the engine; empty while it serves, and if it was closed. */
    public Optional<Throwable> failure() {
        return queue.failure();
    }

    /** The share of the KV cache that requests with slots have, 0 to 1. */
    public double keyUse() {
        return (double) pool.inUse() / limits.keyTokens();
    }

    /**
     * Queues a request whose prompt and pictures fit together. The listener is called on the engine's thread; an exception from it
     * fails the request. Thread-safe.
     */
    public Sequence submit(PreparedRequest request, Generation.Listener listener) {
        int tiles = request.pictures().stream().mapToInt(PixelTiles::count).sum();
        int places = request.prompt().visualPlaces().length;
        if (places != tiles * models.vision().tokensPerTile()) {
            throw new InvalidRequestException("the prompt must have a place for each visual token, "
                    + tiles * models.vision().tokensPerTile() + " for " + tiles + " tiles: " + places);
        }
        Sequence sequence = new Sequence(
                request,
                listener,
                tokenizer,
                this.tiles.none(),
                limits.contextTokens(),
                models.language().plainLimit());
        checkRoom(sequence);
        queue.add(sequence);
        return sequence;
    }

    /** Rejects a request that needs more keys and values than the KV cache can ever hold. */
    private void checkRoom(Sequence sequence) {
        int width = sequence.request().width();
        long need = width * LanguageModel.room(sequence.capacity());
        if (need > limits.keyTokens()) {
            throw new InvalidRequestException("a request must not need more KV cache than there is, "
                    + limits.keyTokens() + " tokens: " + need + " for a prompt of " + sequence.promptLength()
                    + " and its answer" + (width > 1 ? ", " + width + " times" : "")
                    + "; lower maxNewTokens, or load the model with a larger kvCacheTokens");
        }
    }

    private void run() {
        try {
            TorchRuntime.prepareThread();
            models.language().enter();
            for (int slot = 0; slot < limits.slots(); slot++) {
                models.language().reserve(slot, 0, 0);
            }
        } catch (Throwable e) { // reported to every request that waits or arrives from now on
            death = e;
        }
        boolean serves = true;
        while (serves) {
            try {
                serves = awaitRequests();
                if (serves) {
                    turn();
                    strikes = 0;
                }
            } catch (Throwable e) {
                recover(e);
            }
        }
        shut();
    }

    /** Waits for requests; false once the engine is to end. */
    private boolean awaitRequests() {
        death = death == null ? endings.lasting() : death;
        return death == null && queue.await(scheduler, !endings.areUnreported());
    }

    /** One turn of the loop. */
    private void turn() {
        admit();
        boolean encoded = encodeTiles();
        List<Scheduler.Row> rows = plan(encoded);
        try {
            List<Step.Result> results = run(rows);
            advance(results);
        } catch (Throwable e) {
            fail(rows, e);
        }
    }

    /** Ends the requests that are cancelled or late, and gives slots to the ones that wait. */
    private void admit() {
        if (endings.areUnreported()) {
            endings.reportAgain();
            pause();
        }
        scheduler.due().forEach(endings::end);
        Sequence waiting = scheduler.nextToAdmit();
        while (waiting != null && admit(waiting)) {
            waiting = scheduler.nextToAdmit();
        }
    }

    /** Gives a sequence its slots and makes them ready; false if there are not enough. A failure frees their memory. */
    private boolean admit(Sequence sequence) {
        try {
            SlotPool.Lease lease = scheduler.admit(sequence);
            if (lease != null) {
                prepare(lease);
            }
            return lease != null;
        } catch (Throwable e) {
            scheduler.forget(sequence);
            endings.fail(sequence, e);
            freeSlotsWithoutRoom();
            return true;
        }
    }

    private void prepare(SlotPool.Lease lease) {
        for (int slot : lease.slots()) {
            models.language().clear(slot, slot == lease.slots()[0] ? lease.reused() : 0);
        }
        for (SlotPool.Change change : lease.changes()) {
            if (change instanceof SlotPool.Change.Resize resize) {
                models.language().reserve(resize.slot(), resize.tokens(), resize.kept());
            } else if (change instanceof SlotPool.Change.Copy copy) {
                models.language().copy(copy.from(), copy.to(), 0, copy.tokens());
            }
        }
    }

    private void freeSlotsWithoutRoom() {
        for (int slot = 0; slot < limits.slots(); slot++) {
            if (!pool.hasRoom(slot)) {
                models.language().reserve(slot, 0, 0);
            }
        }
    }

    /** Runs a few layers of the ViT for one sequence; false if none has tiles to encode. */
    private boolean encodeTiles() {
        Sequence sequence = scheduler.nextForVision();
        if (sequence == null) {
            return false;
        }
        try {
            tiles.advance(sequence);
        } catch (Throwable e) {
            endings.fail(sequence, e);
        }
        return true;
    }

    /** The rows of the next step; rests if there are none, as all sequences wait for their formats. */
    private List<Scheduler.Row> plan(boolean encoded) {
        List<Scheduler.Row> rows = scheduler.plan();
        if (rows.isEmpty() && !encoded) {
            Thread.interrupted(); // by a callback; the thread would not park
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return rows;
    }

    /** Computes the rows; the logits of each sequence that gets its next token. */
    private List<Step.Result> run(List<Scheduler.Row> rows) {
        return rows.isEmpty() ? List.of() : Step.compute(models.language(), rows);
    }

    /** Chooses the next tokens, and ends the sequences that are complete. */
    private void advance(List<Step.Result> results) {
        for (Step.Result result : results) {
            try {
                advance(result.sequence(), result.rows());
            } catch (Throwable e) {
                endings.fail(result.sequence(), e);
            }
        }
    }

    private void advance(Sequence sequence, LogitRows rows) {
        if (Arrays.stream(rows.best()).anyMatch(id -> id < 0)) {
            throw new InternVLException(
                    "the model's logits are not numbers; load it with Precision.BFLOAT16 or FLOAT32");
        }
        List<Sequence.SlotCopy> copies = sequence.advance(rows);
        if (sequence.isComplete()) {
            endings.end(sequence, FinishReason.STOP);
            return;
        }
        for (Sequence.SlotCopy copy : copies) {
            models.language().copy(copy.from(), copy.to(), copy.start(), copy.end());
        }
    }

    private void fail(List<Scheduler.Row> rows, Throwable cause) {
        for (int i = 0; i < rows.size(); i++) {
            endings.fail(rows.get(i).sequence(), cause);
        }
    }

    /**
     * Recovers from an exception that no sequence is known to have caused. After a lack of memory the newest sequence fails, which
     * frees some; after any other exception all sequences with slots fail, and the second in a row ends the engine.
     */
    private void recover(Throwable e) {
        if (e instanceof OutOfMemoryError) {
            Sequence newest = scheduler.newest();
            if (newest != null) {
                endings.fail(newest, e);
            }
            pause();
        } else if (strikes++ > 0 || endings.isLasting(e)) {
            death = e;
        } else {
            while (scheduler.isAnswering()) {
                endings.fail(Objects.requireNonNull(scheduler.newest()), e);
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) { // by a callback, whose request has ended
            Thread.onSpinWait();
        }
    }

    /** Fails all requests that are inside, and frees the models. */
    private void shut() {
        queue.shut(death);
        Throwable reason = ended();
        for (Sequence next = queue.takeLeft(); next != null; next = queue.takeLeft()) {
            endings.fail(next, reason);
        }
        for (Sequence next = scheduler.newest(); next != null; next = scheduler.newest()) {
            endings.fail(next, reason);
        }
        for (int i = 0; i < MOST_PAUSES && endings.areUnreported(); i++) {
            pause();
            endings.reportAgain();
        }
        if (death != null) {
            LOG.error("the engine stopped", death);
        }
        tiles.close();
        models.close();
    }

    private Throwable ended() {
        try {
            return queue.ended();
        } catch (OutOfMemoryError e) {
            return e;
        }
    }

    /**
     * Rejects requests from now on, and waits until the ones inside are answered; {@link #close} comes afterwards.
     *
     * @param patience the longest wait
     */
    public void drain(Duration patience) throws InterruptedException {
        queue.drain();
        if (Thread.currentThread() == thread) {
            return; // a callback would wait for itself
        }
        thread.join(Math.max(1, patience.toMillis()));
    }

    /** Ends the loop after the present step, fails the requests that are left, and frees the models. Harmless when repeated. */
    @Override
    public void close() {
        queue.close();
        boolean interrupted = false;
        while (thread.isAlive() && Thread.currentThread() != thread) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
