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
    private @Nullable Replayed replayed;

    LanguageModel(ScriptModule graph, LanguageConfig config) {
        this(graph, config, false);
    }

    /** @param onGpu whether its logits are on a GPU */
    LanguageModel(ScriptModule graph, LanguageConfig config, boolean onGpu) {
        this.graph = graph;
        this.config = config;
        this.onGpu = onGpu;
    }

    /** Whether its logits are on a GPU, from where a few are copied faster than all. */
    public boolean isOnGpu() {
        return onGpu;
    }

    /**
     * The result of the last step if a CUDA graph computed it.
     *
     * @param logits as they were returned: rows of all slots that it computed
     * @param best the best id of each
     * @param rows those that were asked for
     */
    private record Replayed(Tensor logits, Tensor best, int[] rows) {}

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
        if (room == 0) {
            graph.run("reserve", slot, tokens, kept);
        }
    }

    /** Copies keys and values of some positions from one slot to another one, which must have room for them. */
    public void copy(int from, int to, int start, int end) {
        graph.run("copy", from, to, start, end);
        wrote(to, end);
    }

    /**
     * Computes one step over all chunks.
     *
     * @return logits [tokens after which they are wanted, vocabulary] float32 on the model's device; the caller closes them
     */
    public Tensor step(List<TokenChunk> chunks) {
        chunks.forEach(chunk -> wrote(chunk.slot(), chunk.start() + chunk.ids().length));
        replayed = null;
        return areDense(chunks) ? stepDense(chunks) : stepRows(chunks);
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

    /** One token of some slots, computed as one of each slot up to the last of them. */
    private Tensor stepDense(List<TokenChunk> chunks) {
        int[] rows = chunks.stream().mapToInt(TokenChunk::slot).toArray();
        StepGraphs own = graphs(chunks);
        int n = own == null ? slots(chunks) : own.slots(slots(chunks));
        int[] numbers = new int[3 * n]; // ids, positions, spans
        Arrays.fill(numbers, n, 2 * n, room + SPARE - 1);
        int end = end(chunks);
        for (TokenChunk chunk : chunks) {
            numbers[chunk.slot()] = chunk.ids()[0];
            numbers[n + chunk.slot()] = chunk.start();
            numbers[2 * n + chunk.slot()] = chunk.span();
        }
        if (own != null) {
            StepGraphs.Captured step = own.step(numbers, n, end);
            if (step != null) {
                return replayed(step, rows);
            }
        }
        boolean every = isEvery(rows, n);
        try (Tensor tensor = every ? Tensor.of(numbers) : Tensor.of(joined(numbers, rows))) {
            return graph.call("step_dense", tensor, n, every, (int) room(end));
        }
    }

    private Tensor replayed(StepGraphs.Captured step, int[] rows) {
        Tensor logits = graph.call("alias", step.logits()); // which the caller closes
        replayed = new Replayed(logits, step.best(), rows);
        return logits;
    }

    /** The rows of a tensor of logits that rows of a step are. */
    private int[] places(Tensor logits, int... rows) {
        Replayed last = replayed;
        return last == null || last.logits() != logits
                ? rows
                : Arrays.stream(rows).map(row -> last.rows()[row]).toArray();
    }

    /** Whether logits are wanted after all of n tokens, in their order. */
    private static boolean isEvery(int[] last, int n) {
        return Arrays.equals(last, IntStream.range(0, n).toArray());
    }

    private static int[] joined(int[]... parts) {
        return Stream.of(parts).flatMapToInt(Arrays::stream).toArray();
    }

    private Tensor stepRows(List<TokenChunk> chunks) {
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
        try (Tensor numbers = Tensor.of(joined(ids, ints(places), ends))) {
            return graph.call(
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
        }
    }

    /** The best token of each row of logits; -1 for a row that has no largest number (NaN, infinity). */
    public long[] argmax(Tensor logits) {
        Replayed last = replayed;
        if (last != null && last.logits() == logits) {
            try (Tensor best = graph.call("read", last.best())) {
                long[] all = best.longs();
                return Arrays.stream(last.rows()).mapToLong(row -> all[row]).toArray();
            }
        }
        try (Tensor best = graph.call("argmax", logits)) {
            return best.longs();
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
        Replayed last = replayed;
        int count = last != null && last.logits() == logits ? last.rows().length : (int) logits.shape()[0];
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
            if (graphs != null) {
                graphs.close();
            }
        } finally {
            graph.close();
        }
    }
}
