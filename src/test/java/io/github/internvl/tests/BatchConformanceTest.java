package io.github.internvl.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.internal.generate.Engine;
import io.github.internvl.internal.generate.Generation;
import io.github.internvl.internal.generate.GenerationRequest;
import io.github.internvl.vision.PixelTiles;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * Batches beneath the fluent API: every row gets the answer that it gets alone. That is the reference's too, but where its padding
 * changes the rotary base; there our own single call is what counts.
 */
class BatchConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("batches");
    private static final Conformance<Subject> CONFORMANCE = new Conformance<>(REPORT, Subject::load);

    @AfterAll
    static void report(TestReporter reporter) {
        CONFORMANCE.close();
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> rowsAreAnsweredAsAlone() {
        return CONFORMANCE.cases(golden -> golden.isBatch() && golden.isAnswered(), BatchConformanceTest::batch);
    }

    private static void batch(GoldenCase golden, Subject subject) {
        List<PixelTiles> tiles = subject.tiles(golden);
        List<GenerationRequest> requests = golden.rounds().stream()
                .map(row -> subject.request(golden, subject.prompt(row, tiles)))
                .toList();
        Engine.Limits limits = new Engine.Limits(requests.size(), 32_768, 512, 4);
        try (Engine engine = new Engine(subject.modelsAgain(), subject.tokenizer(), limits)) {
            List<Generation> alone = requests.stream()
                    .map(request -> PendingAnswer.submit(engine, request).get())
                    .toList();
            List<PendingAnswer> together = requests.stream()
                    .map(request -> PendingAnswer.submit(engine, request))
                    .toList();
            for (GoldenCase.Round row : golden.rounds()) {
                compare(row, alone.get(row.index()), together.get(row.index()).get());
            }
        }
    }

    private static void compare(GoldenCase.Round row, Generation alone, Generation together) {
        GoldenCase golden = row.golden();
        assertThat(together.ids())
                .as("%s, row %d: ids in the batch and alone", golden, row.index())
                .isEqualTo(alone.ids());
        assertThat(together.text())
                .as("%s, row %d: text in the batch and alone", golden, row.index())
                .isEqualTo(alone.text());
        if (golden.isSameAsAlone(row.index())) {
            assertThat(alone.ids()).as("%s, row %d: ids", golden, row.index()).isEqualTo(row.generatedIds());
            assertThat(alone.text())
                    .as("%s, row %d: response", golden, row.index())
                    .isEqualTo(row.response());
            REPORT.checked(golden.variant().name(), "rows, alone and in the batch");
        } else {
            REPORT.checked(golden.variant().name(), "rows against our single call alone");
            REPORT.note(golden + ", row " + row.index()
                    + ": the reference answers otherwise in the batch than alone, as padding changes its rotary base;"
                    + " compared with our single call");
        }
    }
}
