package io.github.internvl.internal.generate;

import io.github.internvl.ChatResponse.FinishReason;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides which sequences are served next, and with how many tokens; it never touches a tensor.
 *
 * <p>Those with a higher priority come first, and among equals those that came first: nobody is overtaken for want of slots
 * or room. Each step takes one token of every branch of those that are being answered, and fills up with prompt tokens of
 * the others to a bound, so a long prompt never holds up the rest for longer than one chunk. Half of the bound is the
 * oldest one's, so that it gets on; the rest goes first to those that have least left, so that a short question is not held
 * up by a long one. The engine's thread owns it.
 */
final class Scheduler {
    /**
     * Tokens {@code start .. start + count - 1} of a branch are computed next: of the first one, in the prompt; of an answer
     * its last token and drafts.
     */
    record Row(Sequence sequence, int branch, int start, int count) {
        /** Whether the next token follows from these. */
        boolean isLast() {
            return start + count >= sequence.promptLength();
        }

        boolean isPrompt() {
            return start < sequence.promptLength();
        }

        /** After how many of the tokens another one follows. */
        int nexts() {
            return isPrompt() ? (isLast() ? 1 : 0) : count;
        }
    }

    private final SlotPool pool;
    private final int chunkTokens;
    private final List<Sequence> waiting = new ArrayList<>(); // next one first
    private final List<Sequence> active = new ArrayList<>(); // oldest first

    Scheduler(SlotPool pool, int chunkTokens) {
        this.pool = pool;
        this.chunkTokens = chunkTokens;
    }

    void add(Sequence sequence) {
        int at = waiting.size();
        while (at > 0 && priority(waiting.get(at - 1)) < priority(sequence)) {
            at--;
        }
        waiting.add(at, sequence);
    }

    private static int priority(Sequence sequence) {
        return sequence.request().urgency().priority();
    }

    boolean isIdle() {
        return waiting.isEmpty() && active.isEmpty();
    }

    /** The sequence whose turn it is to get slots; null if there is none. */
    @Nullable
    Sequence nextToAdmit() {
        for (Sequence sequence : waiting) {
            if (!pool.isPromised(sequence)) {
                return sequence;
            }
        }
        return null;
    }

    /** Gives slots to a sequence that waits; null, and nothing happens, if there are not enough. */
    SlotPool.@Nullable Lease admit(Sequence sequence) {
        SlotPool.Lease lease = pool.take(sequence);
        if (lease != null) {
            sequence.admit(lease.slots(), lease.reused());
            active.add(sequence);
            waiting.remove(sequence);
        }
        return lease;
    }

    /** The sequence whose tiles are worked on next: one whose tiles are on their way, or who has waited longest. */
    @Nullable
    Sequence nextForVision() {
        return active.stream()
                .filter(Sequence::needsVision)
                .min(Comparator.comparing((Sequence sequence) -> sequence.pass() == null)
                        .thenComparing(Comparator.comparingLong(Sequence::lastSeen)))
                .orElse(null);
    }

    /** The rows of the next step; empty if all sequences wait for their tiles, or for the rules of their formats. */
    List<Row> plan() {
        List<Row> rows = new ArrayList<>();
        for (Sequence sequence : active) {
            if (sequence.computed() == sequence.promptLength()
                    && sequence.decoding().isReady()) {
                int last = sequence.promptLength() + sequence.decoding().length() - 1;
                int count = 1 + sequence.draft();
                for (int branch : sequence.decoding().live()) {
                    rows.add(new Row(sequence, branch, last, count));
                }
            }
        }
        List<Sequence> prompts = active.stream()
                .filter(sequence -> left(sequence) > 0 && !sequence.needsVision())
                .toList();
        Map<Sequence, Integer> shares = shares(prompts);
        for (Sequence sequence : prompts) {
            int count = shares.getOrDefault(sequence, 0);
            if (count > 0) {
                rows.add(new Row(sequence, 0, sequence.computed(), count));
            }
        }
        return rows;
    }

    private static int left(Sequence sequence) {
        return sequence.promptLength() - sequence.computed();
    }

    /** How many tokens of each prompt come into the next step. */
    private Map<Sequence, Integer> shares(List<Sequence> prompts) {
        Map<Sequence, Integer> shares = new HashMap<>();
        int room = chunkTokens;
        int half = (room + 1) / 2;
        for (Sequence oldest : prompts.stream().limit(1).toList()) {
            shares.put(oldest, Math.min(left(oldest), half));
            room -= shares.get(oldest);
        }
        List<Sequence> shortestFirst = prompts.stream()
                .sorted(Comparator.comparingInt(Scheduler::left))
                .toList();
        for (Sequence sequence : shortestFirst) {
            int had = shares.getOrDefault(sequence, 0);
            int more = Math.min(left(sequence) - had, room);
            shares.put(sequence, had + more);
            room -= more;
        }
        return shares;
    }

    /** The sequences that are to end whatever they have, with the reason. */
    Map<Sequence, FinishReason> due() {
        Map<Sequence, FinishReason> due = new LinkedHashMap<>();
        for (Sequence sequence :
                Stream.concat(waiting.stream(), active.stream()).toList()) {
            FinishReason reason = sequence.due();
            if (reason != null) {
                due.put(sequence, reason);
            }
        }
        return due;
    }

    /** The sequence that was given slots last; without one, the last of those that wait; null if there is none. */
    @Nullable
    Sequence newest() {
        List<Sequence> last = active.isEmpty() ? waiting : active;
        return last.isEmpty() ? null : last.get(last.size() - 1);
    }

    /** Whether any sequence has slots. */
    boolean isAnswering() {
        return !active.isEmpty();
    }

    /** Takes out a sequence that has ended and frees its slots, whatever it throws. */
    void release(Sequence sequence) {
        waiting.remove(sequence);
        if (active.remove(sequence)) {
            pool.release(sequence);
        }
    }

    /** Takes out a sequence whose slots have lost their memory. */
    void forget(Sequence sequence) {
        active.remove(sequence);
        pool.forget(sequence);
    }
}
