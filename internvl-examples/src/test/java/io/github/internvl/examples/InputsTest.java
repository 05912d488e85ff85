package io.github.internvl.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class InputsTest {
    @Test
    void takesPicturesFromTheArguments() {
        Inputs inputs = Inputs.of("a.png", "b.png");
        assertThat(inputs.picture(0)).isEqualTo(Path.of("a.png"));
        assertThat(inputs.picture(1)).isEqualTo(Path.of("b.png"));
        assertThat(inputs.picture(5)).isEqualTo(Path.of("b.png"));
    }

    @Test
    void findsPicturesInTheCheckout() {
        assertThat(Inputs.of().pictures())
                .hasSize(2)
                .allSatisfy(file -> assertThat(file).isRegularFile());
    }

    @Test
    void takesTheDemoModelWhereNoneIsNamed() {
        assertThat(Inputs.of().model().toString())
                .endsWith(Path.of("models/internvl-demo").toString());
    }
}
