package io.github.internvl.internal.engine;

import io.github.internvl.internal.model.LanguageModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The KV cache's bookkeeping: which sequence owns which slot, which tokens each slot holds, and how much memory each has. It
 * decides and never touches a tensor; the engine makes the {@link Change}s that a {@link Lease} lists.
 *
 * <p><b>Slots.</b> A slot is one contiguous tensor of keys and values per layer, for one answer or beam. Its room, the tokens it has memory
 * for, is set at admission to what the sequence may need at most, its prompt and {@code maxNewTokens}, rounded up to the granularity of
 * {@link LanguageModel#room}. A sequence that is admitted therefore never runs out of memory, and no sequence is ever preempted.
 *
 * <p><b>Reuse.</b> A slot keeps its tokens after its sequence has ended. A new sequence starts from the longest prefix that some slot
 * shares with its prompt, compared token by token and, for pictures, by the hash of each tile. It takes that slot over if at least half
 * of the slot's tokens are of use, or no other is free; otherwise the slot stays as it is for later prompts, and the prefix is copied.
 * Copies are also made from a sequence that is still being answered. While one sequence is computing a prefix that another
 * needs, the other waits for it instead of computing it again ({@link #isPromised}), if that saves at least 64 tokens. The last token
 * of a prompt is always computed, since the first logits come from it.
 *
 * <p><b>Budget.</b> The rooms of all slots together never exceed the budget. A sequence that needs more takes room from idle slots, least
 * recently used first, and last from the slot that it copies from; then it shrinks the slots that it was given itself. If that is not
 * enough, {@link #take} changes nothing, and the sequence waits.
 *
 * <p><b>No paging.</b> vLLM allocates the cache in blocks (Kwon and others, "Efficient Memory Management for Large Language Model Serving
 * with PagedAttention", SOSP 2023), and nano-vllm looks prefixes up by hashing blocks. Both need an attention kernel that gathers
 * blocks; libtorch's fused attention, on CPUs and GPUs alike, takes contiguous keys. The price of slots is memory that is reserved and
 * not used, and a copy where several sequences share a prefix. With tens of slots, comparing all of them is
 * cheaper than keeping an index, and finds a prefix of any length.
 *
 * <p>Prompts longer than {@code plainLimit} take no part in reuse: with dynamic RoPE scaling their keys depend on the length of the whole.
 * Invariants: the sum of rooms is at most the budget, a slot has at most one owner, and the content of a slot is never longer than
 * its room. The engine's thread owns it; only {@link #inUse} is thread-safe.
 */
final class SlotPool {
    private static final int WORTH_WAITING = 64;

    /** A change to make in the model before a sequence may use its slots. */
    sealed interface Change {
        /** Reallocates a slot for some number of tokens; the first {@code kept} stay. */
        record Resize(int slot, long tokens, int kept) implements Change {}

        /** Copies the first tokens of a slot into another one. */
        record Copy(int from, int to, int tokens) implements Change {}
    }

    /**
     * The slots of a sequence.
     *
     * @param slots their numbers; the prompt is computed in the first
     * @param reused the number of prompt tokens in the first slot once the changes are made
     * @param changes the changes to make, in order
     */
    record Lease(int[] slots, int reused, List<Change> changes) {}

    private static final class Slot {
        final int number;
        long room;
        long lastUse;
        SlotContent content = SlotContent.NONE; // with an owner: its prompt

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
     * @param budget the most tokens that all slots together have room for
     * @param plainLimit the most tokens of a prompt whose keys do not depend on its length
     */
    SlotPool(int slots, long budget, int plainLimit) {
        this.slots = IntStream.range(0, slots).mapToObj(Slot::new).toList();
        this.budget = budget;
        this.plainLimit = plainLimit;
    }

    /** The tokens that all slots together have room for at present. */
    long room() {
        return slots.stream().mapToLong(slot -> slot.room).sum();
    }

    /** The tokens that slots with an owner have room for. Thread-safe. */
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

    /** Whether another sequence is about to compute a prefix that this one needs as well. */
    boolean isPromised(Sequence sequence) {
        ToIntFunction<Slot> planned = slot -> slot.owner == null ? 0 : common(sequence, slot);
        return slots.stream().mapToInt(planned).max().orElse(0)
                >= slots.stream()
                                .mapToInt(slot -> present(sequence, slot))
                                .max()
                                .orElse(0)
                        + WORTH_WAITING;
    }

    /** Assigns slots to a sequence; null, and nothing changes, if there are too few idle ones or too little room. */
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
            slot.content = slot == first ? sequence.content() : SlotContent.NONE;
        }
        if (stays && !takesOver) {
            changes.add(new Change.Copy(best.number, first.number, reused));
        }
        countUse();
        return new Lease(chosen.stream().mapToInt(slot -> slot.number).toArray(), stays ? reused : 0, changes);
    }

    /** The slots without an owner: empty ones first, then the least recently used. */
    private List<Slot> idle() {
        return slots.stream()
                .filter(slot -> slot.owner == null)
                .sorted(Comparator.comparing((Slot slot) -> slot.content.length() > 0)
                        .thenComparing(slot -> slot.lastUse))
                .toList();
    }

    /** Takes room from idle slots until the chosen ones can have what they need; false, and nothing changes, if there is too little. */
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

    /** The number of tokens at the beginning of a prompt that a slot holds, without the prompt's last, which is always computed. */
    private int present(Sequence sequence, Slot slot) {
        int there = slot.owner == null ? slot.content.length() : slot.owner.computed();
        return Math.min(there, common(sequence, slot));
    }

    private int common(Sequence sequence, Slot slot) {
        boolean plain = sequence.promptLength() <= plainLimit
                && (slot.owner == null || slot.owner.promptLength() <= plainLimit);
        return plain ? Math.min(sequence.content().common(slot.content), sequence.promptLength() - 1) : 0;
    }

    /** Frees the slots of a sequence, also if it throws; the first keeps its computed tokens, if there is memory to record them. */
    void release(Sequence sequence) {
        SlotContent computed = SlotContent.NONE;
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
                    slot.content = slot.number == sequence.slots()[0] ? computed : SlotContent.NONE;
                }
            }
            countUse();
        }
    }

    /** Frees the slots of a sequence and drops their content and room, since their memory is gone. */
    void forget(Sequence sequence) {
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            if (slot.owner == sequence) {
                slot.room = 0;
                slot.content = SlotContent.NONE;
                slot.owner = null;
            }
        }
        countUse();
    }
}
