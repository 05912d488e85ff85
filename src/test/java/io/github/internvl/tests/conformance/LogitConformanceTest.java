package io.github.internvl.tests.conformance;

import io.github.internvl.internal.engine.LogitsPipeline;
import io.github.internvl.vision.tiles.PixelTiles;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * Hidden states and logits of the language model against the reference's, at the prompt's end and after each token of
 * the golden answer. Rows of a batch are computed together, with the rotary base that the reference's padding gives
 * them.
 */
class LogitConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("logits");
    private static final Conformance<Subject> CONFORMANCE = new Conformance<>(REPORT, Subject::load);

    @AfterAll
    static void report(TestReporter reporter) {
        CONFORMANCE.close();
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> logitsAgree() {
        return CONFORMANCE.cases(golden -> golden.isAnswered() && !golden.isSearched(), LogitConformanceTest::compare);
    }

    private static void compare(GoldenCase golden, Subject subject) {
        List<PixelTiles> tiles = subject.tiles(golden);
        Stages stages = new Stages(subject);
        LogitChecks checks = new LogitChecks(REPORT, golden, subject.tensors());
        List<GoldenCase.Round> rounds = golden.rounds();
        List<Subject.Prompt> prompts =
                rounds.stream().map(round -> subject.prompt(round, tiles)).toList();
        List<int[]> answers =
                rounds.stream().map(GoldenCase.Round::generatedIds).toList();
        if (golden.isBatch()) {
            checks.batch(stages.logits(prompts, answers, rounds.get(0).paddedLength()));
            return;
        }
        for (int i = 0; i < rounds.size(); i++) {
            Subject.Prompt prompt = prompts.get(i);
            checks.layers(rounds.get(i), stages, prompt);
            List<int[]> answer = List.of(answers.get(i));
            List<float[]> steps =
                    stages.logits(List.of(prompt), answer, prompt.length()).get(0);
            process(golden, answers.get(i), steps);
            checks.single(rounds.get(i).key(), steps);
        }
    }

    /** Goldens of processed cases are the logits after the rules. */
    private static void process(GoldenCase golden, int[] answer, List<float[]> steps) {
        LogitsPipeline pipeline =
                new LogitsPipeline(golden.generation(), golden.endIds(), List.of(), golden.processorHistory());
        for (int step = 0; step < steps.size(); step++) {
            pipeline.process(Arrays.copyOf(answer, step), steps.get(step));
        }
    }
}
