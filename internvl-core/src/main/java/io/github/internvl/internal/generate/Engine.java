package io.github.internvl.internal.generate;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.model.TokenChunk;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.internal.torch.TorchRuntime;
import io.github.internvl.tokenizer.TextDecoder;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.PixelTiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

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
     * @param tilesPerStep most tiles encoded between two steps
     */
    public record Limits(int slots, int contextTokens, int chunkTokens, int tilesPerStep) {}

    private final Models models;
    private final Tokenizer tokenizer;
    private final Limits limits;
    private final Scheduler scheduler;
    private final Thread thread;

    private final Object gate = new Object(); // guards the three below
    private final List<Sequence> arrived = new ArrayList<>();
    private boolean closing;
    private @Nullable Throwable death; // what ended the loop, if it was not close()

    /** Starts an engine that owns {@code models}: closing the engine closes them. */
    public Engine(Models models, Tokenizer tokenizer, Limits limits) {
        this.models = models;
        this.tokenizer = tokenizer;
        this.limits = limits;
        this.scheduler = new Scheduler(limits.slots(), limits.chunkTokens());
        this.thread = new Thread(this::run, "internvl-engine");
        thread.setDaemon(true);
        thread.start();
    }

    /** Refuses settings whose answers or beams need more slots than there are, so that they would wait for ever. */
    public void check(GenerationConfig config) {
        int width = GenerationRequest.width(config);
        if (width > limits.slots()) {
            throw new InvalidRequestException("a request must not need more slots than there are: " + width
                    + " for its answers or beams, of " + limits.slots() + "; load the model with maxConcurrent(" + width
                    + ") or more");
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
        Sequence sequence = new Sequence(request, listener, () -> decoder(request.config()), limits.contextTokens());
        synchronized (gate) {
            if (closing) {
                throw ended();
            }
            arrived.add(sequence);
            gate.notifyAll();
        }
        return sequence;
    }

    private TextDecoder decoder(GenerationConfig config) {
        return config.format().isText() ? tokenizer.decoder(config.skipSpecialTokens()) : tokenizer.verbatimDecoder();
    }

    /** Why nothing more is answered; call it with the gate held. */
    private InternVLException ended() {
        return death == null
                ? new InternVLException("the model is closed; load it again to ask more")
                : new InternVLException("the engine stopped: " + death + "; close the model and load it again", death);
    }

    private void run() {
        try {
            TorchRuntime.runGraphsAsWritten();
            while (takeArrivals()) {
                turn();
            }
        } catch (Throwable e) { // told to whoever waits or asks from now on
            synchronized (gate) {
                death = e;
            }
        } finally {
            InternVLException reason;
            synchronized (gate) {
                closing = true;
                arrived.forEach(scheduler::add);
                arrived.clear();
                reason = ended();
            }
            scheduler.removeAll().forEach(sequence -> sequence.fail(reason));
            models.close();
        }
    }

    /** One turn of the loop: slots for those that wait, some tiles, one step. */
    private void turn() {
        for (Sequence sequence : scheduler.removeCancelled()) {
            sequence.end(FinishReason.CANCELLED);
        }
        for (Sequence sequence : scheduler.admit()) {
            guarded(List.of(sequence), () -> {
                for (int slot : sequence.slots()) {
                    models.language().reserve(slot, sequence.capacity());
                }
            });
        }
        Sequence looking = scheduler.nextForVision();
        if (looking != null) {
            guarded(List.of(looking), () -> encode(looking));
        }
        List<Scheduler.Row> rows = scheduler.plan();
        if (!rows.isEmpty()) {
            guarded(rows.stream().map(Scheduler.Row::sequence).toList(), () -> step(rows));
        }
    }

    /** Waits while there is nothing to do; false once the engine is to end. */
    private boolean takeArrivals() {
        synchronized (gate) {
            while (!closing && arrived.isEmpty() && scheduler.isIdle()) {
                try {
                    gate.wait();
                } catch (InterruptedException e) {
                    closing = true; // somebody wants this thread to end
                }
            }
            arrived.forEach(scheduler::add);
            arrived.clear();
            return !closing;
        }
    }

    /** Runs some work; what it throws fails its sequences and no others. */
    private void guarded(List<Sequence> sequences, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            InternVLException failure = failure(e);
            for (Sequence sequence : sequences) {
                scheduler.release(sequence);
                sequence.fail(failure);
            }
        }
    }

    /** Of libtorch's traceback the line that names the error; the rest stays in the cause. */
    private static InternVLException failure(Throwable e) {
        if (e instanceof InternVLException known) {
            return known;
        }
        String[] lines = String.valueOf(e.getMessage()).strip().split("\n+", -1);
        String error = Arrays.stream(lines)
                .filter(line -> line.contains("Error:"))
                .findFirst()
                .orElse(lines[0]);
        boolean memory = e instanceof OutOfMemoryError || error.contains("memory");
        return new InternVLException(
                "the model failed while computing: " + error
                        + (memory ? "; ask for less at once: lower maxTiles, contextLength or maxConcurrent" : ""),
                e);
    }

    private void encode(Sequence sequence) {
        long start = System.nanoTime();
        int first = sequence.encodedTiles();
        int count = Math.min(limits.tilesPerStep(), sequence.tiles() - first);
        Tensor tokens = models.vision().encode(sequence.pictures(), first, count);
        sequence.visual().add(tokens, count * models.vision().tokensPerTile());
        sequence.tilesEncoded(count, System.nanoTime() - start);
    }

    private void step(List<Scheduler.Row> rows) {
        List<TokenChunk> chunks = rows.stream().map(Engine::chunk).toList();
        List<Sequence> ready = rows.stream()
                .filter(Scheduler.Row::isLast)
                .map(Scheduler.Row::sequence)
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
                row.isLast());
    }

    /** Ends the loop after the present step, fails what is left, and frees the models. Harmless when repeated. */
    @Override
    public void close() {
        synchronized (gate) {
            closing = true;
            gate.notifyAll();
        }
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
