package io.github.internvl.internal.generate;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.internal.model.LanguageModel;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.model.TokenChunk;
import io.github.internvl.internal.observe.Trace;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.internal.torch.TorchRuntime;
import io.github.internvl.tokenizer.TextDecoder;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.PixelTiles;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The loop that answers all requests to a model. One daemon thread owns graphs, slots and sequences; requests come in from
 * any thread and are computed together: tiles in bounded batches, prompts in bounded chunks, and one token of every answer
 * a step. A request that fails takes only those with it that were in the same step; the loop goes on.
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

    private static final long PAUSE_NANOS = 500_000;

    private final Models models;
    private final Tokenizer tokenizer;
    private final Limits limits;
    private final TileEncoder tiles;
    private final SlotPool pool;
    private final Scheduler scheduler;
    private final Thread thread;

    private final Door door;
    private volatile long keysInUse; // tokens that sequences in the making have room for

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
        this.thread = new Thread(this::run, "internvl-engine");
        thread.setDaemon(true);
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
        return (double) keysInUse / limits.keyTokens();
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

    /** Takes a request in, if prompt and pictures fit together; what comes of it the listener hears. Thread-safe. */
    public Sequence submit(GenerationRequest request, Generation.Listener listener) {
        int tiles = request.pictures().stream().mapToInt(PixelTiles::count).sum();
        int places = request.prompt().visualPlaces().length;
        if (places != tiles * models.vision().tokensPerTile()) {
            throw new InvalidRequestException("the prompt must have a place for each visual token, "
                    + tiles * models.vision().tokensPerTile() + " for " + tiles + " tiles: " + places);
        }
        check(request.config());
        Sequence sequence = new Sequence(
                request,
                leaving(listener),
                () -> decoder(request.config()),
                this.tiles.none(),
                limits.contextTokens(),
                models.language().plainLimit());
        checkRoom(sequence);
        door.enter(sequence);
        return sequence;
    }

    /** Counts a request out before it is told of its end, so that whoever hears of it can ask the next. */
    private Generation.Listener leaving(Generation.Listener listener) {
        return new Generation.Listener() {
            @Override
            public void onAdmitted(int cachedTokens) {
                listener.onAdmitted(cachedTokens);
            }

            @Override
            public void onTokens(int count) {
                listener.onTokens(count);
            }

            @Override
            public void onText(String text) {
                listener.onText(text);
            }

            @Override
            public void onEnd(Generation generation) {
                left();
                listener.onEnd(generation);
            }

            @Override
            public void onFailure(RuntimeException failure) {
                left();
                listener.onFailure(failure);
            }

            private void left() {
                keysInUse = pool.inUse();
                door.leave();
            }
        };
    }

    private TextDecoder decoder(GenerationConfig config) {
        return config.format().isText() ? tokenizer.decoder(config.skipSpecialTokens()) : tokenizer.verbatimDecoder();
    }

    private void run() {
        Throwable death = null;
        try {
            TorchRuntime.prepareThread();
            for (int slot = 0; slot < limits.slots(); slot++) {
                models.language().reserve(slot, 0, 0);
            }
            while (door.await(scheduler)) {
                turn();
            }
        } catch (Throwable e) { // told to whoever waits or asks from now on
            death = e;
        } finally {
            InternVLException reason = door.shut(scheduler, death);
            scheduler.removeAll().forEach(sequence -> sequence.fail(reason));
            tiles.close();
            models.close();
        }
    }

    /** One turn of the loop: slots for those that wait, some layers of the ViT, one step. */
    private void turn() {
        scheduler.removeDue().forEach(Sequence::end);
        for (Scheduler.Admission next = scheduler.admit(); next != null; next = scheduler.admit()) {
            Scheduler.Admission admission = next;
            guarded(List.of(admission.sequence()), () -> prepare(admission));
        }
        Sequence looking = scheduler.nextForVision();
        if (looking != null) {
            guarded(List.of(looking), () -> tiles.workFor(looking));
        }
        keysInUse = pool.inUse();
        List<Scheduler.Row> rows = scheduler.plan();
        if (rows.isEmpty() && looking == null) {
            LockSupport.parkNanos(PAUSE_NANOS); // all wait for the rules of their formats
        }
        if (!rows.isEmpty()) {
            guarded(rows.stream().map(Scheduler.Row::sequence).toList(), () -> step(rows));
        }
    }

    /** Runs some work; what it throws fails its sequences and no others, unless nothing can be computed any more. */
    private void guarded(List<Sequence> sequences, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            RuntimeException failure = e instanceof InvalidRequestException refusal ? refusal : ComputeFailure.of(e);
            for (Sequence sequence : sequences) {
                scheduler.release(sequence);
                sequence.fail(failure);
            }
            if (ComputeFailure.isLasting(e)) {
                throw e;
            }
        }
    }

    /** Makes the slots of a sequence ready; if that fails, their memory is given up. */
    private void prepare(Scheduler.Admission admission) {
        SlotPool.Lease lease = admission.lease();
        try {
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
        } catch (RuntimeException | Error e) {
            scheduler.forget(admission.sequence());
            for (int slot : lease.slots()) {
                models.language().reserve(slot, 0, 0);
            }
            throw e;
        }
    }

    private void step(List<Scheduler.Row> rows) {
        List<Trace.Span> spans =
                Stream.of(true, false).flatMap(prompt -> span(rows, prompt)).toList();
        List<TokenChunk> chunks = rows.stream().map(Engine::chunk).toList();
        List<Sequence> ready = rows.stream()
                .flatMap(row -> Collections.nCopies(row.nexts(), row.sequence()).stream())
                .toList();
        List<LogitRows> next;
        try (Tensor logits = models.language().step(chunks)) {
            rows.stream()
                    .filter(Scheduler.Row::isPrompt)
                    .forEach(row -> row.sequence().promptComputed(row.count()));
            next = ready.isEmpty() ? List.of() : logitRows(ready, logits);
        }
        int i = 0;
        for (Sequence sequence : new LinkedHashSet<>(ready)) {
            LogitRows own = next.get(i++);
            guarded(List.of(sequence), () -> advance(sequence, own));
        }
        spans.forEach(Trace.Span::commit);
    }

    /** What a step does to prompts, or to answers. */
    private static Stream<Trace.Span> span(List<Scheduler.Row> rows, boolean prompt) {
        List<Scheduler.Row> own =
                rows.stream().filter(row -> row.isPrompt() == prompt).toList();
        int tokens = own.stream().mapToInt(Scheduler.Row::count).sum();
        int sequences =
                (int) own.stream().map(Scheduler.Row::sequence).distinct().count();
        return tokens == 0
                ? Stream.empty()
                : Stream.of(prompt ? Trace.prefill(tokens, sequences) : Trace.decodeStep(tokens, sequences));
    }

    /** The rows of logits of each sequence; only those that need more than the best token come to Java. */
    private List<LogitRows> logitRows(List<Sequence> ready, Tensor logits) {
        int[] best = Arrays.stream(models.language().argmax(logits))
                .mapToInt(Math::toIntExact)
                .toArray();
        int[] wanted = IntStream.range(0, best.length)
                .filter(i -> ready.get(i).decoding().needsLogits())
                .toArray();
        float[] values = wanted.length == 0 ? new float[0] : models.language().floats(logits, wanted);
        int vocabulary = models.language().vocabulary();
        List<LogitRows> all = new ArrayList<>();
        int taken = 0;
        int first = 0;
        for (int end = 1; end <= best.length; end++) {
            Sequence sequence = ready.get(first);
            if (end == best.length || ready.get(end) != sequence) {
                all.add(new LogitRows(Arrays.copyOfRange(best, first, end), values, taken * vocabulary, vocabulary));
                taken += sequence.decoding().needsLogits() ? end - first : 0;
                first = end;
            }
        }
        return all;
    }

    private void advance(Sequence sequence, LogitRows rows) {
        if (Arrays.stream(rows.best()).anyMatch(id -> id < 0)) {
            throw new InternVLException(
                    "the model's logits are not numbers; load it with Precision.BFLOAT16 or FLOAT32");
        }
        List<Sequence.SlotCopy> copies = sequence.advance(rows);
        if (sequence.isComplete()) {
            scheduler.release(sequence);
            sequence.end(FinishReason.STOP);
            return;
        }
        for (Sequence.SlotCopy copy : copies) {
            models.language().copy(copy.from(), copy.to(), copy.start(), copy.end());
        }
    }

    private static TokenChunk chunk(Scheduler.Row row) {
        Sequence sequence = row.sequence();
        int end = row.start() + row.count();
        return new TokenChunk(
                sequence.slots()[row.branch()],
                row.start(),
                sequence.tokens(row.branch(), row.start(), end),
                Math.max(sequence.promptLength(), end),
                sequence.visual().within(sequence.request().prompt().visualPlaces(), row.start(), end),
                row.nexts());
    }

    /**
     * Takes nothing more in, and ends the loop as soon as everything is answered; {@link #close} comes afterwards.
     *
     * @param patience how long to wait for that
     */
    public void drain(Duration patience) throws InterruptedException {
        door.drain();
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
