package io.github.internvl.internal.model;

import io.github.internvl.internal.torch.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * A row of a step: the next tokens of the sequence in a slot.
 *
 * @param slot the slot that holds the sequence's keys and values
 * @param start the position of the first token; what is before it is in the slot already
 * @param ids the tokens
 * @param span the key length that rules the rotary base: the whole prompt's while prefilling, the sequence's afterwards
 * @param visual visual tokens in place of some of the tokens
 * @param logits after how many of the last tokens logits are wanted
 */
public record TokenChunk(int slot, int start, int[] ids, int span, Visual visual, int logits) {
    private static final int UNKNOWN = -1;

    /** Whether it is one token, after which logits are wanted. */
    boolean isNext() {
        return ids.length == 1 && logits == 1 && visual.parts().isEmpty();
    }

    /** Whether both compute the same. */
    boolean isSame(TokenChunk other) {
        return slot == other.slot
                && start == other.start
                && span == other.span
                && logits == other.logits
                && Arrays.equals(ids, other.ids)
                && visual.parts().isEmpty()
                && other.visual.parts().isEmpty();
    }

    /** The next token after this one, which is not known yet. */
    TokenChunk following() {
        return new TokenChunk(slot, start + 1, new int[] {UNKNOWN}, Math.max(span, start + 2), Visual.NONE, 1);
    }

    /** The same chunk of another token. */
    TokenChunk with(int id) {
        return new TokenChunk(slot, start, new int[] {id}, span, visual, logits);
    }

    /**
     * Visual tokens of a chunk.
     *
     * @param parts tensors [rows, h], in order
     * @param firsts the first row to take, for each part
     * @param takes how many rows to take, for each part
     * @param places indexes into the chunk's tokens, as many as rows are taken
     */
    public record Visual(List<Tensor> parts, int[] firsts, int[] takes, int[] places) {
        /** No visual tokens. */
        public static final Visual NONE = new Visual(List.of(), new int[0], new int[0], new int[0]);
    }
}
