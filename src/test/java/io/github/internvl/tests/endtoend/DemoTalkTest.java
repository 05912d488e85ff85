package io.github.internvl.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.InternVL;
import io.github.internvl.Precision;
import io.github.internvl.benchmark.HeldOut;
import io.github.internvl.benchmark.HeldOut.Answered;
import io.github.internvl.benchmark.HeldOut.Question;
import io.github.internvl.benchmark.HeldOut.Score;
import io.github.internvl.demo.DemoModel;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Talks to the demo model in the words that people use: dialogues of six rounds, and the sentences of the documents. The shares
 * are floors below what {@code DemoAccuracy} measured on larger sets.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(600)
class DemoTalkTest {
    private List<Answered> talks = List.of();
    private List<Answered> wordings = List.of();

    @BeforeAll
    void ask() {
        try (InternVL model = InternVL.builder(DemoModel.path())
                .device("cpu")
                .precision(Precision.FLOAT32)
                .load()) {
            talks = HeldOut.talks().answers(model);
            wordings = someOf(HeldOut.wordings()).answers(model);
        }
    }

    /** All new wordings, and every third of the written ones, which follow each other in up to four spellings. */
    private static HeldOut someOf(HeldOut wordings) {
        Map<Boolean, List<Question>> asked = wordings.questions().stream()
                .collect(Collectors.partitioningBy(question -> question.kind().equals("written")));
        List<Question> written = asked.getOrDefault(true, List.of());
        Stream<Question> third =
                IntStream.range(0, written.size()).filter(i -> i % 3 == 0).mapToObj(written::get);
        return new HeldOut(
                wordings.folder(),
                Stream.concat(third, asked.getOrDefault(false, List.of()).stream())
                        .toList());
    }

    @Test
    void neverAnswersNothing() {
        assertThat(Stream.concat(talks.stream(), wordings.stream()))
                .allSatisfy(answered -> assertThat(answered.response().text())
                        .as(answered.toString())
                        .isNotBlank());
    }

    @ParameterizedTest
    @CsvSource({
        "0.75, round_1 round_2 round_3 round_4 round_5 round_6",
        "0.85, wording tag",
        "0.70, new_wording",
        "0.55, new_talk"
    })
    void answersInDialogues(double share, String kinds) {
        assertRight(share, talks, List.of(kinds.split(" ")));
    }

    @ParameterizedTest
    @CsvSource({"0.70, written", "0.55, new"})
    void answersTheSentencesOfTheDocuments(double share, String kind) {
        assertRight(share, wordings, List.of(kind));
    }

    private static void assertRight(double share, List<Answered> given, List<String> kinds) {
        assertRight(
                share,
                given.stream()
                        .filter(answered -> kinds.contains(answered.question().kind())));
    }

    /** Asserts that so large a share of answers is right, and lists the wrong ones otherwise. */
    static void assertRight(double share, Stream<Answered> given) {
        List<Answered> answers = given.toList();
        String wrong = answers.stream()
                .filter(Predicate.not(Answered::isRight))
                .map(Answered::toString)
                .collect(Collectors.joining("\n"));
        assertThat(Score.of(answers.stream()).share())
                .as("share of %d right answers; wrong are\n%s", answers.size(), wrong)
                .isGreaterThanOrEqualTo(share);
    }
}
