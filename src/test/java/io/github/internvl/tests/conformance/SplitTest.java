package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.fixtures.Checkout;
import io.github.internvl.internal.model.PartBytes;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the spreading over devices with {@code split_model} of the model cards, as make_splits.py ran it. */
class SplitTest {
    static Stream<String> goldens() {
        return Checkout.read(Checkout.ROOT.resolve("src/test/resources/goldens/splits.txt"))
                .lines();
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void spreadsAsTheModelCards(String golden) {
        String[] words = golden.split(" ");
        int layers = words.length - 2;
        List<String> gpus = IntStream.range(0, Integer.parseInt(words[1]))
                .mapToObj(i -> "cuda:" + i)
                .toList();
        assertThat(PartBytes.split(layers, gpus))
                .isEqualTo(
                        Arrays.stream(words).skip(2).map(gpu -> "cuda:" + gpu).toList());
    }
}
