package io.github.internvl.tests.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ModelInfo;
import io.github.internvl.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Compares the cards below models with what the catalogue says, and the demo model's table with itself. */
class ModelCardsTest {
    private static final Path MODELS = Checkout.ROOT.resolve("models");
    private static final Pattern SCORE = Pattern.compile("(\\d+)/(\\d+) \\(([\\d.]+) %\\)");

    @Test
    void matchTheCatalogue() throws IOException {
        Map<String, String> cards = new LinkedHashMap<>();
        for (ModelInfo.Published size : ModelCard.sizes()) {
            cards.put(ModelCard.file(size), new ModelCard(size).text());
        }
        cards.put("README.md", ModelCard.index());
        for (Map.Entry<String, String> card : cards.entrySet()) {
            Path file = MODELS.resolve(card.getKey());
            if (Boolean.getBoolean("internvl.updateCards")) {
                Files.writeString(file, card.getValue());
            }
            assertThat(Files.exists(file) ? Checkout.read(file) : "")
                    .as("%s; run the test with -Dinternvl.updateCards=true and commit the file", Checkout.name(file))
                    .isEqualTo(card.getValue());
        }
    }

    @Test
    void addsUpTheDemoModelsAnswers() {
        String card = Checkout.read(MODELS.resolve("internvl-demo/README.md"));
        List<String> rows = card.lines().filter(line -> line.startsWith("|")).toList();
        assertThat(rows.subList(0, 2))
                .containsExactly("| kind | target | float32 | bfloat16 |", "| --- | ---: | ---: | ---: |");
        int last = rows.size() - 1;
        assertThat(rows.get(last)).startsWith("| all |");
        for (int column = 0; column < 2; column++) {
            int[] sum = new int[2];
            for (String row : rows.subList(2, last)) {
                int[] score = score(row, column);
                sum[0] += score[0];
                sum[1] += score[1];
            }
            assertThat(score(rows.get(last), column)).containsExactly(sum);
        }
    }

    /** Right answers and questions; the share in the row is theirs. */
    private static int[] score(String row, int column) {
        MatchResult found = SCORE.matcher(row).results().toList().get(column);
        int right = Integer.parseInt(found.group(1));
        int of = Integer.parseInt(found.group(2));
        assertThat(String.format(Locale.ROOT, "%.1f", 100.0 * right / of)).isEqualTo(found.group(3));
        return new int[] {right, of};
    }
}
