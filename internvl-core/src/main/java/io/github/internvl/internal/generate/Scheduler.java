package io.github.internvl.internal.generate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides which sequences are served next, and with how many tokens; it never touches a tensor. First come, first served:
 * a sequence waits until as many slots are free as it has branches. Each step takes one token of every branch of those that
 * are being answered, and fills up with prompt tokens of the others, oldest first, to a bound: so a long prompt never holds
 * up the rest for longer than one chunk. The engine's thread owns it.
 */
final class Scheduler {
    /** Tokens {@code start .. start + count - 1} of a branch are computed next; of the first one, in the prompt. */
    record Row(Sequence sequence, int branch, int start, int count) {
        /** Whether the next token follows from these. */
        boolean isLast() {
            return start + count >= sequence.promptLength();
        }

        boolean isPrompt() {
            return start < sequence.promptLength();
        }
    }

    private final int slots;
    private final int chunkTokens;
    private final Deque<Sequence> waiting = new ArrayDeque<>();
    private final List<Sequence> active = new ArrayList<>();
    private final BitSet taken = new BitSet();

    Scheduler(int slots, int chunkTokens) {
        this.slots = slots;
        this.chunkTokens = chunkTokens;
    }

    void add(Sequence sequence) {
        waiting.add(sequence);
    }

    boolean isIdle() {
        return waiting.isEmpty() && active.isEmpty();
    }

    /** Gives the free slots to those that have waited longest. */
    List<Sequence> admit() {
        List<Sequence> admitted = new ArrayList<>();
        while (!waiting.isEmpty()
                && taken.cardinality() + waiting.element().request().width() <= slots) {
            Sequence sequence = waiting.remove();
            int[] free = new int[sequence.request().width()];
            for (int i = 0; i < free.length; i++) {
                free[i] = taken.nextClearBit(0);
                taken.set(free[i]);
            }
            sequence.admit(free);
            active.add(sequence);
            admitted.add(sequence);
        }
        return admitted;
    }

    /** The oldest sequence whose tiles are not all encoded. */
    @Nullable
    Sequence nextForVision() {
        for (Sequence sequence : active) {
            if (sequence.needsVision()) {
                return sequence;
            }
        }
        return null;
    }

    /** The rows of the next step; empty if all sequences wait for their tiles. */
    List<Row> plan() {
        List<Row> rows = new ArrayList<>();
        int room = chunkTokens;
        for (Sequence sequence : active) {
            if (sequence.computed() == sequence.promptLength()) {
                int last = sequence.promptLength() + sequence.decoding().length() - 1;
                for (int branch : sequence.decoding().live()) {
                    rows.add(new Row(sequence, branch, last, 1));
                }
            }
        }
        for (Sequence sequence : active) {
            int left = sequence.promptLength() - sequence.computed();
            if (left > 0 && room > 0 && !sequence.needsVision()) {
                int count = Math.min(left, room);
                rows.add(new Row(sequence, 0, sequence.computed(), count));
                room -= count;
            }
        }
        return rows;
    }

    /** Takes out the cancelled sequences. */
    List<Sequence> removeCancelled() {
        List<Sequence> removed = new ArrayList<>();
        for (Iterator<Sequence> all = waiting.iterator(); all.hasNext(); ) {
            Sequence sequence = all.next();
            if (sequence.isCancelled()) {
                all.remove();
                removed.add(sequence);
            }
        }
        for (Sequence sequence : List.copyOf(active)) {
            if (sequence.isCancelled()) {
                release(sequence);
                removed.add(sequence);
            }
        }
        return removed;
    }

    /** Takes out everything. */
    List<Sequence> removeAll() {
        List<Sequence> removed = new ArrayList<>(waiting);
        removed.addAll(active);
        waiting.clear();
        active.clear();
        taken.clear();
        return removed;
    }

    /** Takes out a sequence that has ended and frees its slots. */
    void release(Sequence sequence) {
        active.remove(sequence);
        for (int slot : sequence.slots()) {
            taken.clear(slot);
        }
    }
}
