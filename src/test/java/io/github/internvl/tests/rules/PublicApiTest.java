package io.github.internvl.tests.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Compares the public surface with the text that was reviewed last. */
class PublicApiTest {
    private static final Path REVIEWED = Checkout.ROOT.resolve("src/test/resources/public-api.txt");

    @Test
    void matchesTheReviewedSurface() throws IOException {
        String surface = PublicApi.text();
        if (Boolean.getBoolean("internvl.updateApi")) {
            Files.writeString(REVIEWED, surface);
        }
        assertThat(surface)
                .as(
                        "%s; if the change is meant, run the test with -Dinternvl.updateApi=true and commit the file",
                        Checkout.name(REVIEWED))
                .isEqualTo(Files.exists(REVIEWED) ? Checkout.read(REVIEWED) : "");
    }
}
