package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The language model with its slots of keys and values: tokens in, logits out. One thread at a time. */
public final class LanguageModel implements AutoCloseable {
    /** The system property that says whether steps are launched ahead; without it they are on GPUs. */
    static final String STEPS_AHEAD = "internvl.stepsAhead";

    private static final int GRAIN = 256;
    private static final int FEW_SLOTS = 8;
    private static final int SPARE = 8; // places beyond a slot's tokens; the last is for slots without a next token

    private final ScriptModule graph;
    private final LanguageConfig config;
    private final boolean onGpu;
    private int room; // tokens of each slot of the static cache; 0 without one
    private int[] written = {}; // tokens written to each of those
    private @Nullable String graphDevice; // where steps become CUDA graphs, if they are wanted
    private @Nullable StepGraphs graphs;
    private final boolean launchesAhead;
    private @Nullable ComputedStep last; // the step whose logits were returned last
    private boolean goesOn; // whether its best tokens are likely to be computed next
    private @Nullable ComputedStep ahead; // launched before it was asked for

    LanguageModel(ScriptModule graph, LanguageConfig config) {
        this(graph, config, false);
    }

    /** @param onGpu whether its logits are on a GPU */
    LanguageModel(ScriptModule graph, LanguageConfig config, boolean onGpu) {
        this.graph = graph;
        this.config = config;
        this.onGpu = onGpu;
        this.launchesAhead = config.mixtures() == 0
                && Boolean.parseBoolean(System.getProperty(STEPS_AHEAD, Boolean.toString(onGpu)));
    }

    /** Whether its logits are on a GPU, from where a few are copied faster than all. */
    public boolean isOnGpu() {
        return onGpu;
    }

    /** The room that a slot for so many tokens takes. */
    public static long room(long tokens) {
        return (tokens + GRAIN - 1) / GRAIN * GRAIN;
    }

    /** The graph, for tests that look at its stages. */
    public ScriptModule graph() {
        return graph;
    }

    /** Rows of the embedding: the length of a row of logits. */
    public int vocabulary() {
        return config.vocabulary();
    }

    /** Multiplications that so many tokens take, but for attention and the head. */
    public long multiplications(int tokens) {
        return multiplications(config, tokens);
    }

    static long multiplications(LanguageConfig config, int tokens) {
        long attention = 2L * (config.heads() + config.kvHeads()) * config.headWidth();
        long projections = (long) config.layers() * config.width() * attention;
        return tokens * (projections + config.mlpMultiplications());
    }

    /** Most tokens of a prompt whose keys do not depend on how long it is. */
    public int plainLimit() {
        return config.rope().isScaled() ? config.rope().limit() : Integer.MAX_VALUE;
    }

    /**
     * Allocates the static cache: the memory of all slots, for good. The next tokens of several slots then share one
     * attention. There must be no slot yet.
     *
     * @param slots number of slots
     * @param tokens tokens of each slot, a multiple of 256
     */
    public void allocate(int slots, int tokens) {
        graph.run("allocate", slots, tokens + SPARE);
        this.room = tokens;
        this.written = new int[slots];
    }

    /** Whether a step of next tokens is the same work each time: not if the slots are not static, or tokens choose experts. */
    public boolean hasEqualSteps() {
        return room > 0 && config.mixtures() == 0;
    }

    /** Has steps of next tokens captured into CUDA graphs, which takes equal steps and one GPU. */
    public void captureSteps(String device) {
        this.graphDevice = device;
    }

    /** Prepares the calling thread, which computes all steps from now on. */
    public void enter() {
        if (graphDevice != null && hasEqualSteps()) {
            graphs = StepGraphs.on(graphDevice, graph, written.length, room);
        }
    }

    /**
     * Forgets what is in a slot from some token on. Attention over several slots multiplies what it does not look at with
     * zero, so that nothing may be left there of a sequence whose keys are not numbers.
     */
    public void clear(int slot, int start) {
        dropAhead();
        if (room > 0 && written[slot] > start) {
            graph.run("clear", slot, start, written[slot]);
            written[slot] = start;
        }
    }

    private void wrote(int slot, int end) {
        if (room > 0) {
            written[slot] = Math.max(written[slot], end);
        }
    }

    /**
     * Resizes a slot to a number of tokens; none frees its memory. Slots are created in the order of their numbers. Slots of
     * the static cache keep their memory.
     *
     * @param kept how many of its first tokens stay
     */
    public void reserve(int slot, long tokens, int kept) {
        dropAhead();
        if (room == 0) {
            graph.run("reserve", slot, tokens, kept);
        }
    }

    /** Copies keys and values of some positions from one slot to another one, which must have room for them. */
    public void copy(int from, int to, int start, int end) {
        dropAhead();
        graph.run("copy", from, to, start, end);
        wrote(to, end);
    }

    /**
     * Computes one step over all chunks.
     *
     * @return logits [tokens after which they are wanted, vocabulary] float32 on the model's device; the caller closes them
     */
    public Tensor step(List<TokenChunk> chunks) {
        return step(chunks, false);
    }

    /**
     * Computes one step over all chunks.
     *
     * @param likely whether the best tokens alone are wanted of it, and are likely to be the next tokens of the same sequences: on a GPU,
     *     {@link #argmax} then launches their step before it waits for them. The next call takes its result if it asks for nothing else,
     *     and drops it otherwise.
     */
    public Tensor step(List<TokenChunk> chunks, boolean likely) {
        chunks.forEach(this::wrote);
        ComputedStep found = ahead == null ? null : ahead.only(chunks);
        if (found == null) {
            dropAhead();
        }
        ahead = null;
        if (last != null) {
            last.release();
        }
        last = null;
        goesOn = likely && launchesAhead;
        last = found == null ? compute(chunks, null, null) : found;
        return last.logits();
    }

    private void wrote(TokenChunk chunk) {
        wrote(chunk.slot(), chunk.start() + chunk.ids().length);
    }

    /** Whether a step is under way that nobody has asked for yet. */
    boolean isAhead() {
        return ahead != null;
    }

    /** Drops a step that was launched ahead: what it wrote is behind the tokens of every sequence. */
    private void dropAhead() {
        if (ahead != null) {
            ahead.close();
            ahead = null;
        }
    }

    /** Computes a step; that of the best ids of the step before, if they are given. */
    private ComputedStep compute(List<TokenChunk> chunks, @Nullable ComputedStep step, @Nullable Tensor best) {
        return areDense(chunks) ? stepDense(chunks, step, best) : stepRows(chunks, best);
    }

    /**
     * Whether they are next tokens of half of the slots up to the last of them at least, and of two slots; with CUDA graphs, which
     * compute a few slots for nothing as fast as one alone, of any of the first ones.
     */
    private boolean areDense(List<TokenChunk> chunks) {
        int slots = slots(chunks);
        boolean graph = slots <= FEW_SLOTS && graphs(chunks) != null;
        return room > 0
                && (graph || chunks.size() > 1)
                && (graph || 2 * chunks.size() >= slots)
                && chunks.stream().allMatch(TokenChunk::isNext);
    }

    private static int slots(List<TokenChunk> chunks) {
        return chunks.stream().mapToInt(TokenChunk::slot).max().orElse(-1) + 1;
    }

    private static int end(List<TokenChunk> chunks) {
        return chunks.stream().mapToInt(TokenChunk::start).max().orElse(-1) + 1;
    }

    /** The CUDA graphs, if they compute next tokens of these. */
    private @Nullable StepGraphs graphs(List<TokenChunk> chunks) {
        StepGraphs all = graphs;
        return all != null && all.cover(slots(chunks), end(chunks)) ? all : null;
    }

    /** The number of slots that a step over static slots computes. */
    private int width(List<TokenChunk> chunks) {
        StepGraphs own = graphs(chunks);
        return own == null ? slots(chunks) : own.slots(slots(chunks));
    }

    /** One token of some slots, computed as one of each slot up to the last of them. */
    private ComputedStep stepDense(List<TokenChunk> chunks, @Nullable ComputedStep step, @Nullable Tensor best) {
        int[] slots = chunks.stream().mapToInt(TokenChunk::slot).toArray();
        StepGraphs own = graphs(chunks);
        int n = width(chunks);
        int end = end(chunks);
        boolean every = own != null || goesOn || isEvery(slots, n); // logits of other slots are not used
        int[] rows = every ? slots : IntStream.range(0, slots.length).toArray();
        Tensor before = step == null ? null : step.numbers();
        Tensor numbers = before == null || best == null
                ? denseNumbers(chunks, n, every ? new int[0] : slots)
                : graph.call("advanced", before, best, room + SPARE - 1);
        boolean kept = false;
        try {
            StepGraphs.Captured captured = own == null ? null : own.step(numbers, n, end);
            Tensor logits = captured == null
                    ? graph.call("step_dense", numbers, n, every, (int) room(end))
                    : graph.call("alias", captured.logits()); // which the caller closes
            kept = goesOn;
            Tensor found = captured == null ? null : captured.best();
            return new ComputedStep(chunks, logits, rows, found, kept ? numbers : null, true);
        } finally {
            if (!kept) {
                numbers.close();
            }
        }
    }

    /** Ids, positions and spans of the first n slots, and the slots whose logits are wanted; on the device if the next step needs them. */
    private Tensor denseNumbers(List<TokenChunk> chunks, int n, int[] wanted) {
        int[] numbers = new int[3 * n];
        Arrays.fill(numbers, n, 2 * n, room + SPARE - 1);
        for (TokenChunk chunk : chunks) {
            numbers[chunk.slot()] = chunk.ids()[0];
            numbers[n + chunk.slot()] = chunk.start();
            numbers[2 * n + chunk.slot()] = chunk.span();
        }
        Tensor host = Tensor.of(joined(numbers, wanted));
        if (!goesOn) {
            return host;
        }
        try (host) {
            return graph.call("put", host);
        }
    }

    /** The rows of a tensor of logits that rows of a step are. */
    private int[] places(Tensor logits, int... rows) {
        ComputedStep step = last;
        return step == null || step.logits() != logits
                ? rows
                : Arrays.stream(rows).map(row -> step.rows()[row]).toArray();
    }

    /** Whether logits are wanted after all of n tokens, in their order. */
    private static boolean isEvery(int[] last, int n) {
        return Arrays.equals(last, IntStream.range(0, n).toArray());
    }

    private static int[] joined(int[]... parts) {
        return Stream.of(parts).flatMapToInt(Arrays::stream).toArray();
    }

    private ComputedStep stepRows(List<TokenChunk> chunks, @Nullable Tensor best) {
        int[] ids = chunks.stream().flatMapToInt(c -> Arrays.stream(c.ids())).toArray();
        List<Tensor> visual = new ArrayList<>();
        int[] firsts = chunks.stream()
                .flatMapToInt(c -> Arrays.stream(c.visual().firsts()))
                .toArray();
        int[] takes = chunks.stream()
                .flatMapToInt(c -> Arrays.stream(c.visual().takes()))
                .toArray();
        List<Integer> places = new ArrayList<>();
        List<Integer> last = new ArrayList<>();
        int at = 0;
        for (TokenChunk chunk : chunks) {
            visual.addAll(chunk.visual().parts());
            for (int place : chunk.visual().places()) {
                places.add(at + place);
            }
            at += chunk.ids().length;
            for (int i = at - chunk.logits(); i < at; i++) {
                last.add(i);
            }
        }
        boolean every = isEvery(ints(last), ids.length);
        int[] ends = every ? new int[0] : ints(last);
        try (Tensor numbers = best == null ? Tensor.of(joined(ids, ints(places), ends)) : graph.call("chosen", best)) {
            Tensor logits = graph.call(
                    "step",
                    numbers,
                    ids.length,
                    every,
                    visual.isEmpty() ? List.of(numbers) : visual, // a list must not be empty; no place, no use
                    firsts,
                    takes,
                    chunks.stream().mapToInt(TokenChunk::slot).toArray(),
                    chunks.stream().mapToInt(TokenChunk::start).toArray(),
                    chunks.stream().mapToInt(c -> c.ids().length).toArray(),
                    chunks.stream().mapToInt(TokenChunk::span).toArray());
            int[] rows = IntStream.range(0, last.size()).toArray();
            return new ComputedStep(chunks, logits, rows, null, null, true);
        }
    }

    /** The best token of each row of logits; -1 for a row that has no largest number (NaN, infinity). */
    public long[] argmax(Tensor logits) {
        ComputedStep step = last;
        if (step == null || step.logits() != logits) {
            return read("argmax", logits);
        }
        if (goesOn) {
            return argmaxAhead(step);
        }
        return step.ids(step.best() == null ? read("argmax", logits) : read("read", step.best()));
    }

    private long[] read(String method, Tensor device) {
        try (Tensor host = graph.call(method, device)) {
            return host.longs();
        }
    }

    /** The best tokens of a step, after the step that computes them is launched: the device works while the host waits and decides. */
    private long[] argmaxAhead(ComputedStep step) {
        Tensor best = step.best() == null ? graph.call("best", step.logits()) : step.best();
        try (ScriptModule.Handle fetch = graph.make("fetch", best)) {
            ComputedStep next = launched(step, best);
            ahead = next;
            try (Tensor host = graph.call("fetched", fetch)) {
                long[] ids = step.ids(host.longs());
                ahead = next == null ? null : next.with(ids);
                return ids;
            }
        } finally {
            if (step.best() == null) {
                best.close();
            }
        }
    }

    /** Launches the step after one whose best ids are still on the device; null if it would not be of the same kind. */
    private @Nullable ComputedStep launched(ComputedStep step, Tensor best) {
        List<TokenChunk> chunks = step.following();
        Tensor numbers = step.numbers();
        boolean follows =
                areDense(chunks) ? numbers != null && numbers.shape()[0] == 3L * width(chunks) : numbers == null;
        if (!follows || !step.whole()) {
            return null;
        }
        try {
            chunks.forEach(this::wrote);
            return compute(chunks, step, best);
        } catch (RuntimeException e) { // a cause that lasts fails the step when it is asked for
            return null;
        }
    }

    /** The largest logits of some rows, for each row largest first, and after them their ids. */
    public float[] top(Tensor logits, int count, int... rows) {
        try (Tensor wanted = Tensor.of(places(logits, rows));
                Tensor host = graph.call("top", logits, wanted, count)) {
            return host.floats();
        }
    }

    /** All logits, row by row. */
    public float[] floats(Tensor logits) {
        ComputedStep step = last;
        int count = step != null && step.logits() == logits ? step.rows().length : (int) logits.shape()[0];
        return floats(logits, IntStream.range(0, count).toArray());
    }

    /** The logits of some rows, row by row. */
    public float[] floats(Tensor logits, int... rows) {
        try (Tensor wanted = Tensor.of(places(logits, rows));
                Tensor host = graph.call("host", logits, wanted)) {
            return host.floats();
        }
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public void close() {
        try {
            dropAhead();
            if (last != null) {
                last.release();
            }
            if (graphs != null) {
                graphs.close();
            }
        } finally {
            graph.close();
        }
    }
}
