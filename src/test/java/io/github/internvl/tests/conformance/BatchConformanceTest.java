package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.internal.engine.Generation;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * Batches beneath the fluent API: every row gets the answer that it gets alone. That is the reference's too, but where
 * its padding changes the rotary base; there our own single call is what counts.
 */
class BatchConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("batches");
    private static final Conformance<EngineSubject> CONFORMANCE =
            new Conformance<>(REPORT, variant -> EngineSubject.load(variant, 8, 512, 4));

    @AfterAll
    static void report(TestReporter reporter) {
        CONFORMANCE.close();
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> rowsAreAnsweredAsAlone() {
        return CONFORMANCE.cases(golden -> golden.isBatch() && golden.isAnswered(), (golden, loaded) -> {
            List<Generation.Output> alone =
                    golden.rounds().stream().map(row -> loaded.ask(row).get()).toList();
            for (EngineSubject.Asked row : loaded.ask(Stream.of(golden))) {
                compare(row.round(), alone.get(row.round().index()), row.get());
            }
        });
    }

    private static void compare(GoldenCase.Round row, Generation.Output alone, Generation.Output together) {
        GoldenCase golden = row.golden();
        Goldens.compareIds(row + ": ids in the batch, against those alone", alone.ids(), together.ids());
        assertThat(together.text()).as("%s: text in the batch", row).isEqualTo(alone.text());
        if (golden.isSameAsAlone(row.index())) {
            Goldens.compareIds(row + ": generated_ids", row.generatedIds(), alone.ids());
            assertThat(alone.text()).as("%s: response", row).isEqualTo(row.response());
            REPORT.checked(golden.variant().name(), "rows, alone and in the batch");
        } else {
            REPORT.checked(golden.variant().name(), "rows against our single call alone");
            REPORT.note(row + ": the reference answers otherwise in the batch than alone, as padding changes its "
                    + "rotary base; compared with our single call");
        }
    }
}
