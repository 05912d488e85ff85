package io.github.internvl.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.KnownModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Compares the cards below models with what the catalogue says. */
class ModelCardsTest {
    private static final Path MODELS = Checkout.ROOT.resolve("models");

    @Test
    void matchTheCatalogue() throws IOException {
        Map<String, String> cards = new LinkedHashMap<>();
        for (KnownModel size : ModelCard.sizes()) {
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
}
