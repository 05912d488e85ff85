package io.github.internvl.internal.generate;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.internal.model.LanguageModel;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.torch.TorchRuntime;
import io.github.internvl.tokenizer.TextDecoder;
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
 * The loop that answers all requests to a model. One daemon thread owns graphs, slots and sequences; requests come in from
 * any thread and are computed together: tiles in bounded batches, prompts in bounded chunks, and one token of every answer
 * a step.
 *
 * <p>A request that fails takes only those with it that were in the same step; the loop goes on, for want of memory too.
 * Two things end it: an exception of libtorch that says that the device has failed, and something that nobody expected in
 * two turns in a row. All requests inside fail then, {@link #failure} says why, and so does the refusal of each later one.
 */
public final class Engine implements AutoCloseable {
    /**
     * Bounds of an engine.
     *
     * @param slots answers in the making at the same time
     * @param contextTokens most tokens of a prompt and its answer together
     * @param chunkTokens most tokens of a step, beyond one of each answer in the making
     * @param tiles most tiles that go through the ViT together
     * @param waiting most requests beyond the slots that may wait
     * @param keyTokens most tokens that all slots together have room for
     * @param visualBytes most bytes of visual tokens that are kept for later requests
     */
    public record Limits(
            int slots, int contextTokens, int chunkTokens, int tiles, int waiting, long keyTokens, long visualBytes) {

        /** Rounds the room up to what slots take. */
        public Limits {
            keyTokens = LanguageModel.room(keyTokens);
        }

        /** Bounds that let nobody wait in vain. */
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

    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
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

    private final Door door;
    private final Endings endings;

    private @Nullable Throwable death;
    private int strikes; // turns in a row that ended in something unexpected

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
        this.door = new Door(limits.slots(), limits.waiting());
        this.endings = new Endings(scheduler, door);
        this.thread = new Loop(this::run);
        thread.start();
    }

    /**
     * Refuses a request before any work is done for it: one that would wait for ever, as there are not as many slots, and
     * any while too many are waiting.
     */
    public void check(GenerationConfig config) {
        int width = GenerationRequest.width(config);
        if (width > limits.slots()) {
            throw new InvalidRequestException("a request must not need more slots than there are: " + width
                    + " for its answers or beams, of " + limits.slots() + "; load the model with maxConcurrent(" + width
                    + ") or more");
        }
        door.check();
    }

    /**
     * Refuses to wait for an answer on a thread that computes answers: a callback that does so would wait for itself.
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
        return door.failure();
    }

    /** Bytes of weights that a step reads. */
    public long stepBytes() {
        return models.language().stepBytes();
    }

    /** Multiplications that a token takes, but for attention and the head. */
    public long multiplicationsPerToken() {
        return models.language().multiplications(1);
    }

    /** How much of the room for keys and values requests in the making have, 0 to 1. */
    public double keyUse() {
        return (double) pool.inUse() / limits.keyTokens();
    }

    /** Refuses a request that needs more room for its keys and values than there ever is. */
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

    /**
     * Takes a request in, if prompt and pictures fit together. The listener is called on the engine's thread; what it throws
     * fails the request. Thread-safe.
     */
    public Sequence submit(GenerationRequest request, Generation.Listener listener) {
        int tiles = request.pictures().stream().mapToInt(PixelTiles::count).sum();
        int places = request.prompt().visualPlaces().length;
        if (places != tiles * models.vision().tokensPerTile()) {
            throw new InvalidRequestException("the prompt must have a place for each visual token, "
                    + tiles * models.vision().tokensPerTile() + " for " + tiles + " tiles: " + places);
        }
        Sequence sequence = new Sequence(
                request,
                listener,
                () -> decoder(request.config()),
                this.tiles.none(),
                limits.contextTokens(),
                models.language().plainLimit());
        checkRoom(sequence);
        door.enter(sequence);
        return sequence;
    }

    private TextDecoder decoder(GenerationConfig config) {
        return config.format().isText() ? tokenizer.decoder(config.skipSpecialTokens()) : tokenizer.verbatimDecoder();
    }

    private void run() {
        try {
            TorchRuntime.prepareThread();
            for (int slot = 0; slot < limits.slots(); slot++) {
                models.language().reserve(slot, 0, 0);
            }
        } catch (Throwable e) { // told to all that wait or ask from now on
            death = e;
        }
        while (goesOn()) {
            // a turn
        }
        shut();
    }

    /** Waits for work and does a turn of it; false once the engine is to end. */
    private boolean goesOn() {
        try {
            death = death == null ? endings.lasting() : death;
            if (death != null || !door.await(scheduler, !endings.areUntold())) {
                return false;
            }
            turn();
            strikes = 0;
        } catch (Throwable e) {
            recover(e);
        }
        return true;
    }

    /** One turn of the loop: an end for those whose time is over, slots for those that wait, some layers of the ViT, one step. */
    private void turn() {
        if (endings.areUntold()) {
            endings.tellAgain();
            pause();
        }
        scheduler.due().forEach(endings::end);
        Sequence waiting = scheduler.nextToAdmit();
        while (waiting != null && admit(waiting)) {
            waiting = scheduler.nextToAdmit();
        }
        Sequence looking = scheduler.nextForVision();
        if (looking != null) {
            try {
                tiles.workFor(looking);
            } catch (Throwable e) {
                endings.fail(looking, e);
            }
        }
        List<Scheduler.Row> rows = scheduler.plan();
        if (rows.isEmpty() && looking == null) {
            Thread.interrupted(); // by a callback; the thread would not park
            LockSupport.parkNanos(PAUSE_NANOS); // all wait for the rules of their formats
        }
        if (!rows.isEmpty()) {
            try {
                step(rows);
            } catch (Throwable e) {
                for (int i = 0; i < rows.size(); i++) {
                    endings.fail(rows.get(i).sequence(), e);
                }
            }
        }
    }

    /** Gives a sequence its slots and makes them ready; false if there are not enough. A failure gives up their memory. */
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

    /**
     * Goes on after an exception that no sequence is known to have caused. For want of memory the newest sequence fails, so
     * that there is more; after anything else all those that have slots fail, and at the second time in a row the engine
     * ends.
     */
    private void recover(Throwable e) {
        if (e instanceof OutOfMemoryError) {
            Sequence newest = scheduler.newest();
            if (newest != null) {
                endings.fail(newest, e);
            }
            pause();
        } else if (strikes++ > 0 || ComputeFailure.isLasting(e)) {
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

    /** Tells all that are inside why they get no answer, and frees the models. */
    private void shut() {
        door.shut(death);
        Throwable reason = ended();
        for (Sequence next = door.takeLeft(); next != null; next = door.takeLeft()) {
            endings.fail(next, reason);
        }
        for (Sequence next = scheduler.newest(); next != null; next = scheduler.newest()) {
            endings.fail(next, reason);
        }
        for (int i = 0; i < MOST_PAUSES && endings.areUntold(); i++) {
            pause();
            endings.tellAgain();
        }
        if (death != null) {
            LOG.error("the engine stopped", death);
        }
        tiles.close();
        models.close();
    }

    private Throwable ended() {
        try {
            return door.ended();
        } catch (OutOfMemoryError e) {
            return e;
        }
    }

    private void step(List<Scheduler.Row> rows) {
        for (Step.Result result : Step.compute(models.language(), rows)) {
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

    /**
     * Takes nothing more in, and ends the loop as soon as everything is answered; {@link #close} comes afterwards.
     *
     * @param patience how long to wait for that
     */
    public void drain(Duration patience) throws InterruptedException {
        door.drain();
        if (Thread.currentThread() == thread) {
            return; // a callback would wait for itself
        }
        thread.join(Math.max(1, patience.toMillis()));
    }

    /** Ends the loop after the present step, fails what is left, and frees the models. Harmless when repeated. */
    @Override
    public void close() {
        door.close();
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
