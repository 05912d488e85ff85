package io.github.internvl.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.internal.generate.Engine;
import io.github.internvl.internal.generate.Generation;
import io.github.internvl.vision.PixelTiles;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/** Logits, greedy ids and texts against the reference's, beneath the fluent API. */
class AnswerConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("answers");
    private static final Conformance<Subject> CONFORMANCE = new Conformance<>(REPORT, Subject::load);
    private static final int CONTEXT = 32_768;

    @AfterAll
    static void report(TestReporter reporter) {
        CONFORMANCE.close();
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> logitsAgree() {
        return CONFORMANCE.cases(GoldenCase::isAnswered, AnswerConformanceTest::logits);
    }

    @TestFactory
    Stream<DynamicNode> restIsForLater() {
        return CONFORMANCE.later();
    }

    @TestFactory
    Stream<DynamicNode> greedyAnswersAgree() {
        return CONFORMANCE.variants(variant -> Stream.of(
                dynamicTest("one by one", () -> alone(variant, "alone", new Engine.Limits(1, CONTEXT, 512, 4))),
                dynamicTest(
                        "one by one, prompts in chunks of 7",
                        () -> alone(variant, "in small chunks", new Engine.Limits(1, CONTEXT, 7, 3))),
                dynamicTest(
                        "all at once in three slots, prompts in chunks of 23",
                        () -> together(variant, new Engine.Limits(3, CONTEXT, 23, 1)))));
    }

    private static void logits(GoldenCase golden, Subject subject) {
        List<PixelTiles> tiles = subject.tiles(golden);
        Stages stages = new Stages(subject);
        LogitChecks checks = new LogitChecks(REPORT, golden, subject.tensors());
        if (golden.isBatch()) {
            List<Subject.Prompt> prompts = new ArrayList<>();
            List<int[]> answers = new ArrayList<>();
            int width = 0;
            for (GoldenCase.Round row : golden.rounds()) {
                prompts.add(subject.prompt(row, tiles));
                answers.add(row.generatedIds());
                width = Math.max(width, row.paddedLength()); // padding counts in the reference's rotary base
            }
            checks.batch(stages.logits(prompts, answers, width));
            return;
        }
        for (GoldenCase.Round round : golden.rounds()) {
            Subject.Prompt prompt = subject.prompt(round, tiles);
            checks.layers(round, stages, prompt);
            checks.single(
                    round,
                    stages.logits(List.of(prompt), List.of(round.generatedIds()), prompt.length())
                            .get(0));
        }
    }

    /** A row of a batch that padding changed has no golden of its own: the batch tests compare it with our single call. */
    private static boolean hasOwnAnswer(GoldenCase.Round round) {
        return round.isAnswered()
                && (!round.golden().isBatch() || round.golden().isSameAsAlone(round.index()));
    }

    private static void alone(GoldenVariant variant, String how, Engine.Limits limits) {
        Subject subject = CONFORMANCE.load(variant);
        try (Engine engine = new Engine(subject.modelsAgain(), subject.tokenizer(), limits)) {
            for (GoldenCase golden :
                    variant.cases().stream().filter(GoldenCase::isAnswered).toList()) {
                List<PixelTiles> tiles = subject.tiles(golden);
                for (GoldenCase.Round round : golden.rounds()) {
                    if (hasOwnAnswer(round)) {
                        Subject.Prompt prompt = subject.prompt(round, tiles);
                        PendingAnswer answer = PendingAnswer.submit(engine, subject.request(golden, prompt));
                        compare(round, subject, answer.get(), how);
                    }
                }
            }
        }
    }

    private static void together(GoldenVariant variant, Engine.Limits limits) {
        Subject subject = CONFORMANCE.load(variant);
        try (Engine engine = new Engine(subject.modelsAgain(), subject.tokenizer(), limits)) {
            List<GoldenCase.Round> rounds = new ArrayList<>();
            List<PendingAnswer> answers = new ArrayList<>();
            for (GoldenCase golden :
                    variant.cases().stream().filter(GoldenCase::isAnswered).toList()) {
                List<PixelTiles> tiles = subject.tiles(golden);
                for (GoldenCase.Round round : golden.rounds()) {
                    if (hasOwnAnswer(round)) {
                        rounds.add(round);
                        Subject.Prompt prompt = subject.prompt(round, tiles);
                        answers.add(PendingAnswer.submit(engine, subject.request(golden, prompt)));
                    }
                }
            }
            for (int i = 0; i < rounds.size(); i++) {
                compare(rounds.get(i), subject, answers.get(i).get(), "together");
            }
        }
    }

    private static void compare(GoldenCase.Round round, Subject subject, Generation found, String how) {
        GoldenCase golden = round.golden();
        int[] expected = round.generatedIds();
        assertThat(found.ids()).as("%s: generated ids, %s", round, how).isEqualTo(expected);
        assertThat(found.reason())
                .as("%s: finish reason, %s", round, how)
                .isEqualTo(Subject.isEnded(golden, expected) ? FinishReason.STOP : FinishReason.LENGTH);
        assertThat(subject.tokenizer().decode(found.ids(), true))
                .as("%s: text, %s", round, how)
                .isEqualTo(round.text());
        if (!golden.api().equals("generate")) {
            assertThat(found.text()).as("%s: response, %s", round, how).isEqualTo(round.response());
        }
        REPORT.checked(golden.variant().name(), "ids and texts, " + how);
    }
}
