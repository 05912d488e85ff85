package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.internal.engine.Generation;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/** Greedy ids and texts against the reference's, beneath the fluent API: alone, with prompts in chunks, all at once. */
class AnswerConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("answers");
    private static final Conformance<EngineSubject> ALONE =
            new Conformance<>(REPORT, variant -> EngineSubject.load(variant, 4, 512, 4));
    private static final Conformance<EngineSubject> CHUNKED =
            new Conformance<>(REPORT, variant -> EngineSubject.load(variant, 4, 7, 3));
    private static final Conformance<EngineSubject> TOGETHER =
            new Conformance<>(REPORT, variant -> EngineSubject.load(variant, 5, 23, 1));

    @AfterAll
    static void report(TestReporter reporter) {
        ALONE.close();
        CHUNKED.close();
        TOGETHER.close();
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> answersAgree() {
        return ALONE.cases(GoldenCase::isAnswered, (golden, loaded) -> compare(golden, loaded, "ids and texts"));
    }

    @TestFactory
    Stream<DynamicNode> answersAgreeWithPromptsInChunksOfSeven() {
        return CHUNKED.cases(
                GoldenCase::isAnswered,
                (golden, loaded) -> compare(golden, loaded, "ids and texts, prompts in chunks of 7"));
    }

    @TestFactory
    Stream<DynamicNode> answersAgreeWhenAllAreAskedAtOnce() {
        return TOGETHER.variants(variant -> Stream.of(dynamicTest("in five slots", () -> {
            EngineSubject loaded = TOGETHER.load(variant);
            List<EngineSubject.Asked> all = loaded.ask(variant.cases().stream().filter(GoldenCase::isAnswered));
            SoftAssertions softly = new SoftAssertions();
            for (EngineSubject.Asked asked : all) {
                softly.check(() -> compare(asked, loaded, "ids and texts, all at once in 5 slots"));
            }
            softly.assertAll();
        })));
    }

    @TestFactory
    Stream<DynamicNode> restIsForLater() {
        return ALONE.later();
    }

    private static void compare(GoldenCase golden, EngineSubject loaded, String kind) {
        for (GoldenCase.Round round : golden.rounds()) {
            compare(loaded.ask(round), loaded, kind);
        }
    }

    private static void compare(EngineSubject.Asked asked, EngineSubject loaded, String kind) {
        GoldenCase.Round round = asked.round();
        GoldenCase golden = round.golden();
        Generation.Output found = asked.get();
        if (golden.isBatch() && !golden.isSameAsAlone(round.index())) {
            return; // changed by the reference's padding: the batch tests compare it with our single call
        }
        int[] expected = round.generatedIds();
        if (golden.isSearched()) {
            compareWithoutEnd(round, found);
            REPORT.checked(golden.variant().name(), kind + ", beams");
            return;
        }
        Goldens.compareIds(round + ": generated_ids", expected, found.ids());
        assertThat(found.reason())
                .as("%s: finish reason", round)
                .isEqualTo(Subject.isEnded(golden, expected) ? FinishReason.STOP : FinishReason.LENGTH);
        assertThat(loaded.subject().tokenizer().decode(found.ids(), true))
                .as("%s: text", round)
                .isEqualTo(round.text());
        if (!golden.api().equals("generate")) {
            assertThat(found.text()).as("%s: response", round).isEqualTo(round.response());
        }
        REPORT.checked(golden.variant().name(), kind);
    }

    /** Of a search the reference tells not which token ended it. */
    private static void compareWithoutEnd(GoldenCase.Round round, Generation.Output found) {
        boolean ended = round.json().get("ended").getAsBoolean();
        int[] ids = ended ? Arrays.copyOf(found.ids(), found.ids().length - 1) : found.ids();
        Goldens.compareIds(
                round + ": ids_without_end", Goldens.ints(round.json().get("ids_without_end")), ids);
        assertThat(found.reason())
                .as("%s: finish reason", round)
                .isEqualTo(ended ? FinishReason.STOP : FinishReason.LENGTH);
        if (ended) {
            assertThat(round.golden().endIds())
                    .as("%s: end token", round)
                    .contains(found.ids()[found.ids().length - 1]);
        }
        if (!round.golden().api().equals("generate")) {
            assertThat(found.text()).as("%s: response", round).isEqualTo(round.response());
        }
    }
}
