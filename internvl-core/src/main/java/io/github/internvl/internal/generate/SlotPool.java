package io.github.internvl.internal.generate;

import io.github.internvl.internal.model.LanguageModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The assignment of slots to sequences, their contents, and their room together; it never touches a tensor.
 *
 * <p>A slot keeps its tokens when its sequence has ended. A new sequence starts with what some slot has in common with its
 * prompt: it takes that slot over if most of it is of use, and otherwise gets a copy in another slot, also of what a
 * sequence that is still being answered has computed. While one is computing what another one needs as well, the other one
 * waits for it instead of computing it again.
 *
 * <p>All slots together never have room for more tokens than the budget. Slots that nobody uses lose their room when it is
 * needed, the one first whose last use is longest ago. The engine's thread owns it.
 */
final class SlotPool {
    private static final int WORTH_WAITING = 64;

    /** A change that the model makes before a sequence may use its slots. */
    sealed interface Change {
        /** A slot gets room for so many tokens; the first {@code kept} stay. */
        record Resize(int slot, long tokens, int kept) implements Change {}

        /** The first tokens of a slot go into another one. */
        record Copy(int from, int to, int tokens) implements Change {}
    }

    /**
     * Slots for a sequence.
     *
     * @param slots their numbers; the prompt is computed in the first
     * @param reused tokens of the prompt that are in it once the changes are made
     * @param changes in their order
     */
    record Lease(int[] slots, int reused, List<Change> changes) {}

    private static final class Slot {
        final int number;
        long room;
        long lastUse;
        Content content = Content.NONE; // of a sequence in the making: its prompt

        @Nullable
        Sequence owner;

        Slot(int number) {
            this.number = number;
        }
    }

    private final List<Slot> slots;
    private final long budget;
    private final int plainLimit;
    private long uses;
    private volatile long inUse;

    /**
     * Makes a pool.
     *
     * @param budget most tokens that all slots have room for
     * @param plainLimit most tokens of a prompt whose keys do not depend on its length
     */
    SlotPool(int slots, long budget, int plainLimit) {
        this.slots = IntStream.range(0, slots).mapToObj(Slot::new).toList();
        this.budget = budget;
        this.plainLimit = plainLimit;
    }

    /** Tokens that all slots have room for at present. */
    long room() {
        return slots.stream().mapToLong(slot -> slot.room).sum();
    }

    /** Tokens that slots of sequences in the making have room for. Any thread may ask. */
    long inUse() {
        return inUse;
    }

    private void countUse() {
        long sum = 0;
        for (int i = 0; i < slots.size(); i++) {
            sum += slots.get(i).owner == null ? 0 : slots.get(i).room;
        }
        inUse = sum;
    }

    /** Whether a slot has room for any token. */
    boolean hasRoom(int slot) {
        return slots.get(slot).room > 0;
    }

    /** Whether a sequence in the making is about to compute much that this one needs as well. */
    boolean isPromised(Sequence sequence) {
        ToIntFunction<Slot> planned = slot -> slot.owner == null ? 0 : common(sequence, slot);
        return slots.stream().mapToInt(planned).max().orElse(0)
                >= slots.stream()
                                .mapToInt(slot -> present(sequence, slot))
                                .max()
                                .orElse(0)
                        + WORTH_WAITING;
    }

    /** Slots for a sequence; null if there are not enough, or not enough room. */
    @Nullable
    Lease take(Sequence sequence) {
        int width = sequence.request().width();
        List<Slot> idle = idle();
        if (idle.size() < width) {
            return null;
        }
        Slot best = slots.stream()
                .max(Comparator.comparingInt(slot -> present(sequence, slot)))
                .orElseThrow();
        int reused = present(sequence, best); // if it can stay
        List<Slot> others =
                idle.stream().filter(slot -> reused == 0 || slot != best).toList();
        boolean takesOver =
                others.size() < idle.size() && (2 * reused >= best.content.length() || others.size() < width);
        List<Slot> chosen = Stream.concat(takesOver ? Stream.of(best) : Stream.empty(), others.stream())
                .limit(width)
                .toList();
        List<Change> changes = new ArrayList<>();
        long need = LanguageModel.room(sequence.capacity());
        Slot source = reused > 0 ? best : null;
        if (!makeRoom(chosen, need, source, changes)) {
            return null;
        }
        boolean stays = source != null && source.room > 0;
        Slot first = chosen.get(0);
        for (Slot slot : chosen) {
            if (slot.room < need) {
                changes.add(new Change.Resize(slot.number, need, slot == best && takesOver ? reused : 0));
                slot.room = need;
            }
            slot.owner = sequence;
            slot.content = slot == first ? sequence.content() : Content.NONE;
        }
        if (stays && !takesOver) {
            changes.add(new Change.Copy(best.number, first.number, reused));
        }
        countUse();
        return new Lease(chosen.stream().mapToInt(slot -> slot.number).toArray(), stays ? reused : 0, changes);
    }

    /** The slots that nobody uses: empty ones, then those whose last use is longest ago. */
    private List<Slot> idle() {
        return slots.stream()
                .filter(slot -> slot.owner == null)
                .sorted(Comparator.comparing((Slot slot) -> slot.content.length() > 0)
                        .thenComparing(slot -> slot.lastUse))
                .toList();
    }

    /** Takes room from others until each of these can have what it needs; false, and nothing happens, if it cannot be. */
    private boolean makeRoom(List<Slot> chosen, long need, @Nullable Slot source, List<Change> changes) {
        long excess = room()
                - budget
                + chosen.stream()
                        .mapToLong(slot -> Math.max(0, need - slot.room))
                        .sum();
        List<Slot> losers = new ArrayList<>();
        List<Slot> others = new ArrayList<>(idle());
        others.removeAll(chosen);
        if (others.remove(source)) {
            others.add(source);
        }
        for (Slot slot : others) {
            if (excess > 0 && slot.room > 0) {
                excess -= slot.room;
                losers.add(slot);
            }
        }
        List<Slot> tooLarge = excess <= 0
                ? List.of()
                : chosen.stream().filter(slot -> slot.room > need).toList();
        excess -= tooLarge.stream().mapToLong(slot -> slot.room - need).sum();
        if (excess > 0) {
            return false;
        }
        losers.forEach(slot -> changes.add(resized(slot, 0, 0)));
        for (Slot slot : tooLarge) {
            changes.add(resized(slot, need, slot == source ? (int) Math.min(need, slot.content.length()) : 0));
        }
        return true;
    }

    private static Change resized(Slot slot, long tokens, int kept) {
        slot.room = tokens;
        slot.content = slot.content.first(kept);
        return new Change.Resize(slot.number, tokens, kept);
    }

    /** How many tokens at the beginning of a prompt a slot has already; the last is always computed, for its logits. */
    private int present(Sequence sequence, Slot slot) {
        int there = slot.owner == null ? slot.content.length() : slot.owner.computed();
        return Math.min(there, common(sequence, slot));
    }

    private int common(Sequence sequence, Slot slot) {
        boolean plain = sequence.promptLength() <= plainLimit
                && (slot.owner == null || slot.owner.promptLength() <= plainLimit);
        return plain ? Math.min(sequence.content().common(slot.content), sequence.promptLength() - 1) : 0;
    }

    /** Takes the slots of a sequence back, whatever it throws; the first keeps what was computed in it, if there is memory to note it. */
    void release(Sequence sequence) {
        Content computed = Content.NONE;
        try {
            if (sequence.promptLength() <= plainLimit) {
                computed = sequence.computedContent().first(plainLimit);
            }
        } finally {
            uses++;
            for (int i = 0; i < slots.size(); i++) {
                Slot slot = slots.get(i);
                if (slot.owner == sequence) {
                    slot.owner = null;
                    slot.lastUse = uses;
                    slot.content = slot.number == sequence.slots()[0] ? computed : Content.NONE;
                }
            }
            countUse();
        }
    }

    /** Forgets what is in the slots of a sequence, whose memory has gone. */
    void forget(Sequence sequence) {
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            if (slot.owner == sequence) {
                slot.room = 0;
                slot.content = Content.NONE;
                slot.owner = null;
            }
        }
        countUse();
    }
}
