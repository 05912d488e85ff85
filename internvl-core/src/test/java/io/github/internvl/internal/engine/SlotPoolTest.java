package io.github.internvl.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.GenerationConfig;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import io.github.internvl.internal.engine.SlotPool.Change;
import io.github.internvl.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class SlotPoolTest {
    private static final Tokenizer TOKENIZER = Tokenizer.load(TinyCheckpoint.qwen());
    private static final int ANSWER = 6;

    @AfterAll
    static void close() {
        TOKENIZER.close();
    }

    private static Sequence sequence(int width, int... ids) {
        GenerationConfig config =
                GenerationConfig.builder().maxNewTokens(ANSWER).beams(width).build();
        PreparedRequest request = new PreparedRequest(
                new TokenPrompt(ids, new int[0]),
                PreparedRequest.Dialogue.NONE,
                List.of(),
                config,
                PreparedRequest.Ends.NONE,
                new int[0],
                List.of(),
                PreparedRequest.Urgency.USUAL,
                Duration.ZERO);
        VisualTokens visual = new VisualTokens(new VisualCache(0), 1);
        return new Sequence(request, new SilentListener(), TOKENIZER, visual, 100_000, Integer.MAX_VALUE);
    }

    private static int[] run(int from, int to) {
        return IntStream.range(from, to).toArray();
    }

    private static int[] then(int[] first, int... more) {
        return IntStream.concat(Arrays.stream(first), Arrays.stream(more)).toArray();
    }

    private static SlotPool.Lease admit(SlotPool pool, Sequence sequence) {
        SlotPool.Lease lease = Objects.requireNonNull(pool.take(sequence), "a lease");
        sequence.admit(lease.slots(), lease.reused());
        return lease;
    }

    /** A sequence that has computed its prompt and ended. */
    private static void serve(SlotPool pool, int... prompt) {
        Sequence sequence = sequence(1, prompt);
        admit(pool, sequence);
        sequence.promptComputed(sequence.promptLength() - sequence.computed());
        pool.release(sequence);
    }

    @Test
    void takesASlotOverThatAPromptGoesOnFrom() {
        SlotPool pool = new SlotPool(3, 4096, Integer.MAX_VALUE);
        serve(pool, run(0, 100));

        SlotPool.Lease lease = admit(pool, sequence(1, run(0, 150)));

        assertThat(lease.slots()).containsExactly(0);
        assertThat(lease.reused()).isEqualTo(100);
        assertThat(lease.changes()).isEmpty();
    }

    @Test
    void keepsWhatIsReusedWhereASlotGrows() {
        SlotPool pool = new SlotPool(3, 4096, Integer.MAX_VALUE);
        serve(pool, run(0, 100));

        assertThat(admit(pool, sequence(1, run(0, 600))).changes()).containsExactly(new Change.Resize(0, 768, 100));
    }

    @Test
    void copiesABeginningOfWhichMuchElseIsInTheSlot() {
        SlotPool pool = new SlotPool(3, 4096, Integer.MAX_VALUE);
        serve(pool, run(0, 100));

        SlotPool.Lease lease = admit(pool, sequence(1, then(run(0, 30), 7, 7, 7)));

        assertThat(lease.reused()).isEqualTo(30);
        assertThat(lease.changes()).containsExactly(new Change.Resize(1, 256, 0), new Change.Copy(0, 1, 30));
    }

    @Test
    void computesTheLastTokenOfAPromptForItsLogits() {
        SlotPool pool = new SlotPool(3, 4096, Integer.MAX_VALUE);
        serve(pool, run(0, 100));

        assertThat(admit(pool, sequence(1, run(0, 100))).reused()).isEqualTo(99);
    }

    @Test
    void copiesFromASequenceInTheMakingAsFarAsItHasCome() {
        SlotPool pool = new SlotPool(3, 4096, Integer.MAX_VALUE);
        Sequence first = sequence(1, run(0, 100));
        admit(pool, first);
        first.promptComputed(60);

        assertThat(admit(pool, sequence(1, run(0, 90))).changes())
                .containsExactly(new Change.Resize(1, 256, 0), new Change.Copy(0, 1, 60));
    }

    @Test
    void waitsForWhatAnotherOneIsComputing() {
        SlotPool pool = new SlotPool(3, 4096, Integer.MAX_VALUE);
        Sequence first = sequence(1, run(0, 100));
        admit(pool, first);
        Sequence second = sequence(1, run(0, 90));

        assertThat(pool.isPromised(second)).isTrue();
        assertThat(pool.isPromised(sequence(1, then(run(0, 40), 7, 7)))).isFalse();
        first.promptComputed(30);
        assertThat(pool.isPromised(second)).isFalse();
    }

    @Test
    void reusesNothingOfPromptsWhoseLengthRulesTheirKeys() {
        SlotPool pool = new SlotPool(3, 4096, 80);
        serve(pool, run(0, 100));
        assertThat(admit(pool, sequence(1, run(0, 60))).reused()).isZero();

        serve(pool, run(0, 70));
        assertThat(admit(pool, sequence(1, run(0, 100))).reused()).isZero();
        assertThat(admit(pool, sequence(1, run(0, 70))).reused()).isEqualTo(69);
    }

    @Test
    void takesRoomFromTheSlotThatWasUsedLongestAgo() {
        SlotPool pool = new SlotPool(4, 1024, Integer.MAX_VALUE);
        serve(pool, run(0, 100));
        serve(pool, run(1000, 1100));
        serve(pool, run(2000, 2100));
        serve(pool, run(0, 100));

        assertThat(admit(pool, sequence(1, run(3000, 3300))).changes())
                .containsExactly(new Change.Resize(1, 0, 0), new Change.Resize(3, 512, 0));
    }

    @Test
    void givesUpSharedTokensOnlyIfNothingElseMakesRoom() {
        SlotPool pool = new SlotPool(2, 512, Integer.MAX_VALUE);
        serve(pool, run(0, 100));

        SlotPool.Lease lease = admit(pool, sequence(1, then(run(0, 40), run(500, 900))));

        assertThat(lease.reused()).isZero();
        assertThat(lease.changes()).containsExactly(new Change.Resize(0, 0, 0), new Change.Resize(1, 512, 0));
    }

    @Test
    void shrinksALargeSlotForAWideRequest() {
        SlotPool pool = new SlotPool(2, 1024, Integer.MAX_VALUE);
        serve(pool, run(0, 1000));

        assertThat(admit(pool, sequence(2, run(2000, 2300))).changes())
                .containsExactly(new Change.Resize(0, 512, 0), new Change.Resize(1, 512, 0));
    }

    @Test
    void letsASequenceWaitForSlotsAndForRoom() {
        SlotPool pool = new SlotPool(2, 1024, Integer.MAX_VALUE);
        Sequence first = sequence(1, run(0, 700));
        admit(pool, first);

        assertThat(pool.take(sequence(2, 7))).isNull();
        assertThat(pool.take(sequence(1, run(1000, 1600)))).isNull();
        pool.release(first);
        assertThat(pool.take(sequence(1, run(1000, 1600)))).isNotNull();
    }

    /** A model of slots that holds ids: what a lease says is there must be there, within the budget, whatever came before. */
    @Test
    void promisesOnlyWhatIsThereThroughTwentyThousandRequests() {
        Random random = new Random(5);
        long budget = 3000;
        SlotPool pool = new SlotPool(5, budget, 900);
        Map<Integer, int[]> memory = new HashMap<>();
        List<Sequence> active = new ArrayList<>();
        int reused = 0;
        for (int round = 0; round < 20_000; round++) {
            int width = random.nextInt(10) == 0 ? 2 : 1;
            int[] prompt = prompt(random);
            Sequence sequence = sequence(width, prompt);
            SlotPool.Lease lease = pool.isPromised(sequence) ? null : pool.take(sequence);
            if (lease != null) {
                lease.changes().forEach(change -> apply(change, memory));
                sequence.admit(lease.slots(), lease.reused());
                active.add(sequence);
                reused += lease.reused();
                long total = memory.values().stream().mapToLong(m -> m.length).sum();
                assertThat(total).isEqualTo(pool.room()).isLessThanOrEqualTo(budget);
                assertThat(Arrays.copyOf(memory.get(lease.slots()[0]), lease.reused()))
                        .isEqualTo(Arrays.copyOf(prompt, lease.reused()));
            }
            for (Sequence other : List.copyOf(active)) {
                int count = Math.min(random.nextInt(400), other.promptLength() - other.computed());
                System.arraycopy(
                        other.content().ids(), other.computed(), memory.get(other.slots()[0]), other.computed(), count);
                other.promptComputed(count);
                if (random.nextInt(3) == 0) {
                    pool.release(other);
                    active.remove(other);
                }
            }
        }
        assertThat(reused).isGreaterThan(100_000);
    }

    private static int[] prompt(Random random) {
        int topic = 10_000 * random.nextInt(6);
        int shared = random.nextInt(700);
        int own = 1 + random.nextInt(300);
        return then(run(topic, topic + shared), run(1_000_000 + own, 1_000_000 + 2 * own));
    }

    private static void apply(Change change, Map<Integer, int[]> memory) {
        if (change instanceof Change.Resize resize) {
            int[] before = memory.getOrDefault(resize.slot(), new int[0]);
            int[] after = new int[(int) resize.tokens()];
            System.arraycopy(before, 0, after, 0, resize.kept());
            memory.put(resize.slot(), after);
        } else if (change instanceof Change.Copy copy) {
            System.arraycopy(memory.get(copy.from()), 0, memory.get(copy.to()), 0, copy.tokens());
        }
    }

    /** A listener that ignores everything. */
    private static final class SilentListener implements Generation.Listener {
        @Override
        public void onText(String text) {}

        @Override
        public void onEnd(Generation generation) {}

        @Override
        public void onFailure(RuntimeException failure) {}
    }
}
