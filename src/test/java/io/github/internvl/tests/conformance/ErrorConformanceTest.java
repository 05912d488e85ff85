package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.internvl.InvalidRequestException;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/** Input on which the reference fails is refused beneath the fluent API too, and the engine goes on serving. */
class ErrorConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("errors");
    private static final Conformance<EngineSubject> CONFORMANCE =
            new Conformance<>(REPORT, variant -> EngineSubject.load(variant, 1, 512, 4));

    @AfterAll
    static void report(TestReporter reporter) {
        CONFORMANCE.close();
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> badRequestsAreRefused() {
        return CONFORMANCE.cases(GoldenCase::fails, (golden, loaded) -> {
            for (GoldenCase.Round round : golden.rounds()) {
                assertThatExceptionOfType(InvalidRequestException.class)
                        .as("%s: the reference raises %s", golden, golden.json().get("error"))
                        .isThrownBy(() -> loaded.ask(round).get());
                REPORT.checked(golden.variant().name(), "refused");
            }
            assertThat(answerToOneToken(golden, loaded)).isNotEmpty();
        });
    }

    private static int[] answerToOneToken(GoldenCase golden, EngineSubject loaded) {
        TokenPrompt tokens = new TokenPrompt(new int[] {golden.variant().endId()}, new int[0]);
        Subject.Prompt prompt = new Subject.Prompt("", "", tokens, List.of());
        return PendingAnswer.submit(loaded.engine(), loaded.subject().request(golden, prompt))
                .get()
                .ids();
    }
}
