package io.github.internvl.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatRequest;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.Precision;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.vision.Image;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The demo model with rounded weights: it gives bfloat16's answers, from logits that differ by 4 % ({@link Precision#FP8}) or 1 %. */
@Timeout(600)
class FewerBitsTest {
    private static final List<String> QUESTIONS =
            List.of("How many shapes are there?", "What color is the star?", "Where is the blue square?");

    /** An answer, and the logits that its tokens were chosen from. */
    private record Answer(String text, List<float[]> logits) {}

    /** The share of the largest logit by which one may differ. */
    @ParameterizedTest
    @CsvSource({"FP8, 0.1", "INT8, 0.05"})
    void answersAsInBfloat16(Precision precision, double share) {
        List<Answer> found = answers(precision);
        List<Answer> expected = answers(Precision.BFLOAT16);

        assertThat(found)
                .extracting(Answer::text)
                .isEqualTo(expected.stream().map(Answer::text).toList());
        double apart = 0;
        double largest = 0;
        for (int i = 0; i < found.size(); i++) {
            for (int token = 0; token < expected.get(i).logits().size(); token++) {
                float[] one = found.get(i).logits().get(token);
                float[] other = expected.get(i).logits().get(token);
                for (int j = 0; j < other.length; j++) {
                    largest = Math.max(largest, Math.abs(other[j]));
                    apart = Math.max(apart, Math.abs(one[j] - other[j]));
                }
            }
        }
        assertThat(apart / largest).isBetween(1e-4, share);
    }

    private static List<Answer> answers(Precision precision) {
        List<Answer> answers = new ArrayList<>();
        try (InternVL model = InternVL.builder(DemoModel.path())
                .device("cpu")
                .precision(precision)
                .load()) {
            for (String question : QUESTIONS) {
                List<float[]> logits = new ArrayList<>();
                GenerationConfig config = GenerationConfig.builder()
                        .processors((ids, row) -> logits.add(row.clone()))
                        .build();
                ChatRequest request = ChatRequest.builder()
                        .text(question, Image.open(DemoModel.sample("shapes.png")))
                        .generation(config)
                        .build();
                answers.add(new Answer(model.chat(request).text(), logits));
            }
        }
        return answers;
    }
}
