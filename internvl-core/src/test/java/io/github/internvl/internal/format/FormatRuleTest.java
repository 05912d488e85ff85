package io.github.internvl.internal.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.LogitsProcessor;
import io.github.internvl.OutputFormat;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.grammar.CompiledGrammar;
import io.github.internvl.grammar.Grammar;
import io.github.internvl.grammar.Meter;
import io.github.internvl.grammar.Vocabulary;
import io.github.internvl.tokenizer.Tokenizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The work for masks that the engine does not wait for: its threads, its order, its end, and its failures. */
@Timeout(300)
class FormatRuleTest {
    private static final Tokenizer QWEN = Tokenizer.load(TinyCheckpoint.qwen());
    private static final int END = QWEN.id("<|im_end|>").orElseThrow();
    private static final int A = QWEN.id("a").orElseThrow();

    private final Deque<Runnable> queue = new ArrayDeque<>();
    private final CompiledGrammar grammar = Grammar.regex("a[ab]*")
            .compile(new Vocabulary(QWEN.size(), QWEN::bytes, Set.of(END)), Meter.FREE, Long.MAX_VALUE);

    /** Holds the grammar, as the step of another request does, while something is done. */
    private void whileAnotherComputes(Runnable work) {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        CompletableFuture<Void> other = CompletableFuture.runAsync(() -> {
            Meter slow = steps -> {
                inside.countDown();
                await(done);
            };
            assertThat(grammar.after(grammar.start(), A, slow, 0)).isNotNull();
        });
        await(inside);
        try {
            work.run();
        } finally {
            done.countDown();
            other.join();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void doesNotComputeForAnAnswerThatHasEnded() {
        FormatRule rule = new FormatRule(grammar, 1, queue::add);
        whileAnotherComputes(() -> assertThat(rule.isReady(new int[] {A})).isFalse());
        rule.end();
        queue.remove().run();
        assertThat(rule.isReady(new int[] {A})).isTrue();
        assertThatThrownBy(() -> rule.process(new int[] {A}, new float[QWEN.size()]))
                .isInstanceOf(CancellationException.class);
        assertThat(queue).isEmpty();
    }

    @Test
    void endsAStepThatIsBeingComputed() {
        AtomicBoolean ended = new AtomicBoolean();
        StepLimit limit = new StepLimit(1000, ended::get);
        limit.charge(1);
        ended.set(true);
        assertThatThrownBy(() -> limit.charge(1)).isInstanceOf(CancellationException.class);
    }

    @Test
    void letsOthersComeFirstWhileAnotherComputesWithTheSameFormat() {
        FormatRule rule = new FormatRule(grammar, 1, queue::add);
        whileAnotherComputes(() -> {
            assertThat(rule.isReady(new int[] {A})).isFalse();
            queue.remove().run();
            assertThat(queue).hasSize(1);
            rule.end();
            queue.remove().run();
            assertThat(queue).isEmpty();
            assertThat(rule.isReady(new int[] {A})).isTrue();
        });
    }

    @Test
    void comesToTheMaskAfterWaitingForAnother() {
        FormatRule rule = new FormatRule(grammar, 1, queue::add);
        whileAnotherComputes(() -> assertThat(rule.isReady(new int[] {A})).isFalse());
        queue.remove().run();
        float[] logits = new float[QWEN.size()];
        rule.process(new int[] {A}, logits);
        assertThat(logits[A]).isZero();
        assertThat(logits[QWEN.id("c").orElseThrow()]).isEqualTo(Float.NEGATIVE_INFINITY);
    }

    @Test
    void weighsAFormatWithoutWaitingForWhoComputesWithIt() {
        whileAnotherComputes(() -> assertThat(grammar.weight()).isPositive());
    }

    @Test
    void runsTheTasksOfCheapRulesFirst() {
        List<String> ran = new ArrayList<>();
        PriorityBlockingQueue<Runnable> waiting = new PriorityBlockingQueue<>(1, MaskTask.CHEAPEST_FIRST);
        waiting.add(new MaskTask(() -> ran.add("slow"), 5_000_000));
        waiting.add(new MaskTask(() -> ran.add("cheap"), 100));
        waiting.add(new MaskTask(() -> ran.add("new"), 0));
        waiting.add(new MaskTask(() -> ran.add("cheap, later"), 100));
        while (!waiting.isEmpty()) {
            waiting.remove().run();
        }
        assertThat(ran).containsExactly("new", "cheap", "cheap, later", "slow");
    }

    @Test
    void failsForWantOfAThreadWithTheErrorItself() {
        FormatRule rule = new FormatRule(grammar, 1, task -> {
            throw new OutOfMemoryError("unable to create native thread");
        });
        whileAnotherComputes(() -> assertThat(rule.isReady(new int[] {A})).isTrue());
        assertThatThrownBy(() -> rule.process(new int[] {A}, new float[QWEN.size()]))
                .isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    @SuppressWarnings("NullAway") // null stands for memory that runs out before there is a place
    void tellsOfAPlaceThatCannotBeMadeWhenTheRowIsAskedFor() {
        FormatRule rule = new FormatRule(grammar, 1, queue::add);
        assertThat(rule.isReady(null)).isTrue();
        assertThatThrownBy(() -> rule.process(new int[0], new float[QWEN.size()]))
                .isInstanceOf(NullPointerException.class);
    }

    @Test
    void compilesAgainAfterThereWasNoThread() {
        AtomicInteger calls = new AtomicInteger();
        Executor second = task -> {
            if (calls.getAndIncrement() == 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            task.run();
        };
        Formats formats = new Formats(QWEN, Set.of(END), second, 1 << 20);
        OutputFormat format = OutputFormat.choice("a", "b");
        assertThatThrownBy(() -> formats.rule(format, 1, Meter.FREE)).isInstanceOf(OutOfMemoryError.class);
        assertThat(formats.rule(format, 1, Meter.FREE).isReady(new int[0])).isTrue();
        assertThat(calls).hasValue(2);
    }

    @Test
    void keepsAFormatThatIsWithinTheBoundAndNoneThatIsBeyondIt() {
        AtomicInteger compiled = new AtomicInteger();
        Executor counting = task -> {
            compiled.getAndIncrement();
            task.run();
        };
        OutputFormat small = OutputFormat.choice("a", "b");
        OutputFormat large = OutputFormat.regex("(x?y)".repeat(20_000));
        Formats formats = new Formats(QWEN, Set.of(END), counting, 300_000);
        for (OutputFormat format : List.of(small, large, small, large, small)) {
            formats.rule(format, 1, Meter.FREE);
        }
        assertThat(compiled).hasValue(3); // the small one once
    }

    @Test
    void keepsNothingOfTheThreadThatBringsATask() {
        ClassLoader own = Thread.currentThread().getContextClassLoader();
        InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
        CompletableFuture<ClassLoader> loader = new CompletableFuture<>();
        CompletableFuture<String> inherited = new CompletableFuture<>();
        Thread.currentThread().setContextClassLoader(new ClassLoader(own) {});
        local.set("of the caller");
        try {
            FormatThreads.inTurn("internvl-format").execute(() -> {
                loader.complete(Thread.currentThread().getContextClassLoader());
                inherited.complete(String.valueOf(local.get()));
            });
            assertThat(loader.join()).isSameAs(FormatThreads.class.getClassLoader());
            assertThat(inherited.join()).isEqualTo("null");
        } finally {
            Thread.currentThread().setContextClassLoader(own);
            local.remove();
        }
    }

    /** Two answers that left off thinking at different steps; each step of one must not undo the other's. */
    @Test
    void comesToTheMasksOfAnswersOfDifferentLengthsThatNeedOtherThreads() {
        FormatRule rule = new FormatRule(grammar, 2, queue::add);
        int[] shorter = {A};
        int[] longer = {A, A, A};
        whileAnotherComputes(() -> {
            assertThat(rule.isReady(longer)).isFalse();
            assertThat(rule.isReady(shorter)).isFalse();
            assertThat(rule.isReady(longer)).isFalse();
        });
        assertThat(queue).hasSize(2);
        queue.forEach(Runnable::run);
        queue.clear();
        assertThat(rule.isReady(longer)).isTrue();
        assertThat(rule.isReady(shorter)).isTrue();
        assertThat(after(rule, longer)).contains(A).doesNotContain(QWEN.id("c").orElseThrow());
    }

    @Test
    void followsBeamsThatChangePlaces() {
        LogitsProcessor rule =
                new Formats(QWEN, Set.of(END)).rule(OutputFormat.choice("ab", "ba", "bb"), 2, Meter.FREE);
        int a = QWEN.id("a").orElseThrow();
        int b = QWEN.id("b").orElseThrow();
        assertThat(after(rule)).contains(a, b);
        assertThat(after(rule, a)).containsExactly(b);
        assertThat(after(rule, b)).contains(a, b);
        assertThat(after(rule, b, a)).containsExactly(END);
        assertThat(after(rule, a, b)).containsExactly(END);
        assertThat(after(rule, b)).contains(a, b); // from the start again
        assertThat(after(rule, a, b)).containsExactly(END);
    }

    private static int[] after(LogitsProcessor rule, int... generated) {
        float[] logits = new float[QWEN.size()];
        Arrays.fill(logits, 1);
        rule.process(generated, logits);
        return IntStream.range(0, logits.length).filter(id -> logits[id] == 1).toArray();
    }
}
