package io.github.internvl.internal.generate;

import io.github.internvl.internal.model.TokenChunk;
import io.github.internvl.internal.torch.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The visual tokens of a prompt, in the tensors that the encoder gave; closing it frees them. */
final class VisualTokens implements AutoCloseable {
    private final List<Tensor> parts = new ArrayList<>();
    private final List<Integer> rows = new ArrayList<>();

    /** Takes over a tensor [rows, h]. */
    void add(Tensor part, int partRows) {
        parts.add(part);
        rows.add(partRows);
    }

    /**
     * Those of a chunk of the prompt.
     *
     * @param places where in the prompt visual tokens go, in order
     * @param start first token of the chunk
     * @param end one past its last token
     */
    TokenChunk.Visual within(int[] places, int start, int end) {
        int from = lowerBound(places, start);
        int to = lowerBound(places, end);
        if (from == to) {
            return TokenChunk.Visual.NONE;
        }
        List<Tensor> taken = new ArrayList<>();
        List<Integer> firsts = new ArrayList<>();
        List<Integer> takes = new ArrayList<>();
        int before = 0;
        for (int i = 0; i < parts.size(); i++) {
            int first = Math.max(from - before, 0);
            int last = Math.min(to - before, rows.get(i));
            if (first < last) {
                taken.add(parts.get(i));
                firsts.add(first);
                takes.add(last - first);
            }
            before += rows.get(i);
        }
        int[] own = Arrays.stream(places, from, to).map(p -> p - start).toArray();
        return new TokenChunk.Visual(taken, ints(firsts), ints(takes), own);
    }

    private static int lowerBound(int[] sorted, int value) {
        int at = Arrays.binarySearch(sorted, value);
        return at < 0 ? -at - 1 : at;
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public void close() {
        parts.forEach(Tensor::close);
        parts.clear();
        rows.clear();
    }
}
