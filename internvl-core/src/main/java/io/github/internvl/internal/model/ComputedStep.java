package io.github.internvl.internal.model;

import io.github.internvl.internal.torch.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A step that is computed, or under way on a GPU.
 *
 * @param chunks what it computes, in order
 * @param logits its logits [rows, vocabulary] float32 on the device; its caller closes them
 * @param rows the rows of the tokens after which logits are wanted
 * @param best the best id of each row [rows] int64 on the device, if a CUDA graph has found it
 * @param numbers what went into a step over static slots, ids, positions and spans [3 * slots] int64 on the device; null if the step that
 *     follows does not need it
 * @param whole whether {@code chunks} are all that it computes
 */
record ComputedStep(
        List<TokenChunk> chunks,
        Tensor logits,
        int[] rows,
        @Nullable Tensor best,
        @Nullable Tensor numbers,
        boolean whole)
        implements AutoCloseable {

    /** The chunks of the next tokens, whose ids are not known yet. */
    List<TokenChunk> following() {
        return chunks.stream().map(TokenChunk::following).toList();
    }

    /** The same step, its ids being known now. */
    ComputedStep with(long[] ids) {
        List<TokenChunk> known = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            known.add(chunks.get(i).with((int) ids[i]));
        }
        return new ComputedStep(known, logits, rows, best, numbers, whole);
    }

    /** The same step for some of its chunks; null if it did not compute all of these. */
    @Nullable
    ComputedStep only(List<TokenChunk> wanted) {
        int[] places = wanted.stream().mapToInt(this::place).toArray();
        if (Arrays.stream(places).anyMatch(place -> place < 0)) {
            return null;
        }
        boolean all = Arrays.equals(places, IntStream.range(0, rows.length).toArray());
        int[] own = Arrays.stream(places).map(place -> rows[place]).toArray();
        return new ComputedStep(wanted, logits, own, best, numbers, all);
    }

    /** The ids of its tokens, of those of all rows. */
    long[] ids(long[] all) {
        return Arrays.stream(rows).mapToLong(row -> all[row]).toArray();
    }

    private int place(TokenChunk chunk) {
        return IntStream.range(0, chunks.size())
                .filter(i -> chunks.get(i).isSame(chunk))
                .findFirst()
                .orElse(-1);
    }

    /** Frees what only the step that follows needs. */
    void release() {
        if (numbers != null) {
            numbers.close();
        }
    }

    @Override
    public void close() {
        logits.close();
        release();
    }
}
