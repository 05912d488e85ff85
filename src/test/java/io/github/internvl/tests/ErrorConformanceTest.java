package io.github.internvl.tests;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.internal.generate.Engine;
import io.github.internvl.internal.generate.GenerationRequest;
import io.github.internvl.internal.generate.PromptBuilder;
import io.github.internvl.internal.generate.TokenPrompt;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/** What the reference cannot answer fails beneath the fluent API too, and the engine goes on serving. */
class ErrorConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("errors");
    private static final Conformance<Subject> CONFORMANCE = new Conformance<>(REPORT, Subject::load);

    @AfterAll
    static void report(TestReporter reporter) {
        CONFORMANCE.close();
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> badRequestsFailAndTheEngineServesOn() {
        return CONFORMANCE.cases(GoldenCase::fails, ErrorConformanceTest::fails);
    }

    private static void fails(GoldenCase golden, Subject subject) {
        Engine.Limits limits = new Engine.Limits(1, 32_768, 512, 4);
        try (Engine engine = new Engine(subject.modelsAgain(), subject.tokenizer(), limits)) {
            for (GoldenCase.Round round : golden.rounds()) {
                Throwable failure = catchThrowable(() -> {
                    Subject.Prompt prompt = subject.prompt(round);
                    PendingAnswer.submit(engine, subject.request(golden, prompt))
                            .get();
                });
                Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
                assertThat(cause)
                        .as("%s: the reference raises %s", golden, golden.json().get("error"))
                        .isInstanceOfAny(InvalidRequestException.class, InternVLException.class);
                REPORT.checked(
                        golden.variant().name(),
                        "refused with " + requireNonNull(cause).getClass().getSimpleName());
            }
            TokenPrompt plain = new TokenPrompt(new int[] {golden.variant().endId()}, new int[0]);
            GenerationRequest next =
                    subject.request(golden, new Subject.Prompt("", PromptBuilder.IMAGE_TAG, plain, List.of()));
            assertThat(PendingAnswer.submit(engine, next).get().ids())
                    .as("%s: the next answer", golden)
                    .isNotEmpty();
        }
    }
}
