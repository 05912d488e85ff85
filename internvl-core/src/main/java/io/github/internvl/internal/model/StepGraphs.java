package io.github.internvl.internal.model;

import io.github.internvl.internal.torch.CudaStream;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Steps of next tokens as CUDA graphs: one launch for hundreds of kernels. Each number of slots, rounded up to a power of two, and each length
 * of attention, likewise, is captured when it comes up first. One thread.
 */
final class StepGraphs implements AutoCloseable {
    private static final int SHORTEST = 512;
    private static final int WARM_UPS = 2;

    private final ScriptModule decoder;
    private final CudaStream stream;
    private final int slots;
    private final int room;
    private final Map<Size, Captured> captured = new HashMap<>();
    private boolean captures = true;

    private StepGraphs(ScriptModule decoder, CudaStream stream, int slots, int room) {
        this.decoder = decoder;
        this.stream = stream;
        this.slots = slots;
        this.room = room;
    }

    /** @param length tokens of each slot that attention covers */
    private record Size(int slots, int length) {}

    /**
     * A step that was captured.
     *
     * @param numbers its inputs [3 * slots] int64: ids, positions, spans
     * @param logits its result [slots, vocabulary] float32, which its next launch overwrites
     * @param best the best id of each row [slots] int64, likewise
     */
    record Captured(CudaStream.Graph graph, Tensor numbers, Tensor logits, Tensor best) {}

    /** Takes the calling thread to a stream of its own; null where this machine has no graphs. */
    static @Nullable StepGraphs on(String device, ScriptModule decoder, int slots, int room) {
        CudaStream stream = CudaStream.enter(device);
        return stream == null ? null : new StepGraphs(decoder, stream, slots, room);
    }

    /** The number of slots that a step of the first n of them computes. */
    int slots(int n) {
        return Math.min(slots, n == 1 ? 1 : Integer.highestOneBit(n - 1) << 1);
    }

    private Size size(int n, int end) {
        return new Size(slots(n), length(end));
    }

    /** Whether a step of the first n slots is captured, or may be: after a failed capture, only those before it are. */
    boolean cover(int n, int end) {
        return captures || captured.containsKey(size(n, end));
    }

    /**
     * Computes a step; null if it cannot be captured.
     *
     * @param numbers its inputs, on the host or on the device
     */
    @Nullable
    Captured step(Tensor numbers, int n, int end) {
        Size size = size(n, end);
        Captured step = captured.get(size);
        if (step == null && captures) {
            step = capture(size, numbers);
            captures = step != null;
            if (captures) {
                captured.put(size, step);
            }
        }
        if (step == null) {
            return null;
        }
        decoder.run("fill", step.numbers(), numbers);
        step.graph().launch();
        return step;
    }

    private int length(int end) {
        return Math.min(room, Math.max(SHORTEST, end == 1 ? 1 : Integer.highestOneBit(end - 1) << 1));
    }

    private @Nullable Captured capture(Size size, Tensor numbers) {
        Tensor device = decoder.call("put", numbers);
        Tensor[] made = new Tensor[2];
        CudaStream.Graph graph = null;
        try {
            warmUp(device, size);
            graph = stream.capture(() -> {
                made[0] = logits(device, size);
                made[1] = decoder.call("best", made[0]);
            });
            return graph == null ? null : new Captured(graph, device, made[0], made[1]);
        } finally {
            if (graph == null) {
                Stream.of(device, made[0], made[1]).filter(Objects::nonNull).forEach(Tensor::close);
            }
        }
    }

    private void warmUp(Tensor device, Size size) {
        for (int i = 0; i < WARM_UPS; i++) {
            try (Tensor logits = logits(device, size);
                    Tensor best = decoder.call("best", logits)) {
                decoder.call("read", best).close();
            }
        }
    }

    private Tensor logits(Tensor numbers, Size size) {
        return decoder.call("step_dense", numbers, size.slots(), true, size.length());
    }

    /** Waits for a graph that was launched and not asked for, which must not lose its memory. */
    private void await(Captured any) {
        try {
            decoder.call("read", any.best()).close();
        } catch (RuntimeException e) { // on a device that has failed, nothing is under way
            captures = false;
        }
    }

    @Override
    public void close() {
        try {
            captured.values().stream().findAny().ifPresent(this::await);
            for (Captured step : captured.values()) {
                step.logits().close();
                step.best().close();
                step.numbers().close();
                step.graph().close();
            }
        } finally {
            stream.close();
        }
    }
}
