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
 * a sequence waits until a slot is free. Each step takes one token of every sequence that is being answered, and fills up
 * with prompt tokens of the others, oldest first, to a bound: so a long prompt never holds up the rest for longer than
 * one chunk. The engine's thread owns it.
 */
final class Scheduler {
    /** Tokens {@code start .. start + count - 1} of a sequence are computed next. */
    record Row(Sequence sequence, int start, int count) {
        /** Whether these are the last tokens there are: the next one follows from them. */
        boolean isLast() {
            return start + count == sequence.length();
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
        while (active.size() < slots && !waiting.isEmpty()) {
            Sequence sequence = waiting.remove();
            int slot = taken.nextClearBit(0);
            taken.set(slot);
            sequence.admit(slot);
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
            if (sequence.computed() >= sequence.promptLength()) {
                rows.add(new Row(sequence, sequence.computed(), 1));
            }
        }
        for (Sequence sequence : active) {
            int left = sequence.promptLength() - sequence.computed();
            if (left > 0 && room > 0 && !sequence.needsVision()) {
                int count = Math.min(left, room);
                rows.add(new Row(sequence, sequence.computed(), count));
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

    /** Takes out a sequence that has ended and frees its slot. */
    void release(Sequence sequence) {
        active.remove(sequence);
        taken.clear(sequence.slot());
    }
}
