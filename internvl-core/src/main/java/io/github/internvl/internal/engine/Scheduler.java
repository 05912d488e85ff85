package io.github.internvl.internal.engine;

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
 * The schedule of the engine: which sequence gets slots next, whose tiles go through the ViT next, and which tokens the next step
 * computes. It decides and never touches a tensor; {@link Step} computes and never decides.
 *
 * <p><b>Admission.</b> Sequences wait in the order of priority, then of arrival. The first gets slots as soon as the {@link SlotPool}
 * has enough of them and enough memory. A later one that needs less is not admitted instead: a stream of small requests could
 * otherwise delay a large one for ever. There is one exception, which costs the first nothing: a sequence whose prompt another one is
 * computing at present is passed over until that part is done, since it can then copy it.
 *
 * <p><b>Steps.</b> Decoding reads all weights for each step, however many tokens the step has, so every step takes one token of every
 * live branch, with its drafts, and nothing delays an answer that has begun. The remaining work is prompts, which are limited by
 * multiplications. They are cut into chunks and share the step with the answers, as Sarathi-Serve does (Agrawal and others,
 * "Taming Throughput-Latency Tradeoff in LLM Inference with Sarathi-Serve", OSDI 2024): a step has at most {@code chunkTokens} prompt
 * tokens, so the pause between two tokens of an answer is bounded by one chunk, however long the prompts are. Sequences join and leave
 * between steps (Yu and others, "Orca: A Distributed Serving System for Transformer-Based Generative Models", OSDI 2022).
 *
 * <p><b>Fairness among prompts.</b> Half of a chunk belongs to the oldest prompt, so each prompt advances by at least half a chunk per
 * step once it is the oldest, and none starves. The other half goes to the prompts with the fewest tokens left, shortest remaining
 * first, so a short question does not wait for a long one. The remainder of a share goes to the next prompt.
 *
 * <p><b>Tiles.</b> The ViT works for one sequence per turn and for a few layers at a time, about as long as a chunk takes. A pass that has
 * begun is finished first, since its intermediate results hold memory; otherwise the sequence whose last pass is longest ago is
 * next, so that pictures of several requests take turns.
 *
 * <p>Invariants: a sequence is either waiting or active, an active one has its slots, and {@code active} is in the order of admission.
 * {@link #plan} has no row for a sequence that waits for its tiles, or for the mask of its format.
 * The engine's thread owns it.
 */
final class Scheduler {
    /**
     * Tokens {@code start .. start + count - 1} of a branch, to be computed in the next step: some of the prompt, which belong to
     * the first branch, or the last token of a branch with its drafts.
     */
    record Row(Sequence sequence, int branch, int start, int count) {
        /** Whether the next token is chosen from the logits of this row. */
        boolean isLast() {
            return start + count >= sequence.promptLength();
        }

        boolean isPrompt() {
            return start < sequence.promptLength();
        }

        /** Whether it is one token whose best successor is most likely computed next. */
        boolean isFollowed() {
            return !isPrompt() && count == 1 && sequence.takesBest();
        }

        /** The number of its tokens whose logits are needed. */
        int nexts() {
            return isPrompt() ? (isLast() ? 1 : 0) : count;
        }
    }

    private final SlotPool pool;
    private final int chunkTokens;
    private final List<Sequence> waiting = new ArrayList<>(); // next first
    private final List<Sequence> active = new ArrayList<>(); // oldest first

    Scheduler(SlotPool pool, int chunkTokens) {
        this.pool = pool;
        this.chunkTokens = chunkTokens;
    }

    /** Queues a sequence, behind the ones of equal or higher priority. */
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

    /** The sequence to admit next; null if there is none. */
    @Nullable
    Sequence nextToAdmit() {
        for (Sequence sequence : waiting) {
            if (!pool.isPromised(sequence)) {
                return sequence;
            }
        }
        return null;
    }

    /** Admits a waiting sequence; null, and nothing happens, if there are not enough slots or memory. */
    SlotPool.@Nullable Lease admit(Sequence sequence) {
        SlotPool.Lease lease = pool.take(sequence);
        if (lease != null) {
            sequence.admit(lease.slots(), lease.reused());
            active.add(sequence);
            waiting.remove(sequence);
        }
        return lease;
    }

    /** The sequence whose tiles are encoded next: one with a pass under way, else the one whose last pass is longest ago. */
    @Nullable
    Sequence nextForVision() {
        return active.stream()
                .filter(Sequence::needsVision)
                .min(Comparator.comparing((Sequence sequence) -> sequence.pass() == null)
                        .thenComparing(Comparator.comparingLong(Sequence::lastVision)))
                .orElse(null);
    }

    /** The rows of the next step; empty if all sequences wait for their tiles, or for the masks of their formats. */
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

    /** The number of tokens of each prompt in the next step. */
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

    /** The sequences that are cancelled or late, with the reason. */
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

    /** The sequence that was admitted last; without one, the last that waits; null if there is none. */
    @Nullable
    Sequence newest() {
        List<Sequence> last = active.isEmpty() ? waiting : active;
        return last.isEmpty() ? null : last.get(last.size() - 1);
    }

    /** Whether any sequence has slots. */
    boolean isAnswering() {
        return !active.isEmpty();
    }

    /** Removes a sequence that has ended and frees its slots, also if it throws. */
    void release(Sequence sequence) {
        waiting.remove(sequence);
        if (active.remove(sequence)) {
            pool.release(sequence);
        }
    }

    /** Removes a sequence whose slots have lost their memory. */
    void forget(Sequence sequence) {
        active.remove(sequence);
        pool.forget(sequence);
    }
}
