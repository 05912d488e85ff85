package io.github.internvl.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class InputsTest {
    @Test
    void takesPicturesFromTheArguments() throws IOException {
        Inputs inputs = Inputs.of("a.png", "b.png");
        assertThat(inputs.picture(0)).isEqualTo(Path.of("a.png"));
        assertThat(inputs.picture(1)).isEqualTo(Path.of("b.png"));
        assertThat(inputs.picture(5)).isEqualTo(Path.of("b.png"));
    }

    @Test
    void findsPicturesInTheCheckout() throws IOException {
        assertThat(Inputs.of().pictures())
                .hasSizeGreaterThan(1)
                .allSatisfy(file -> assertThat(file).isRegularFile());
    }

    @Test
    void takesTheDemoModelWhereNoneIsNamed() throws IOException {
        assertThat(Inputs.of().model().toString())
                .endsWith(Path.of("models/internvl-demo").toString());
    }
}
