package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The product of bytes for CUDA devices, which CPUs know too: any number of rows, and widths that are no eights. */
class CudaBytesTest {
    private static final int OUTPUTS = 45;
    private static final int INPUTS = 100;

    private final Random random = new Random(11);

    @ParameterizedTest
    @ValueSource(ints = {1, 17, 40, 520}) // the last in two blocks
    void staysNearTheProductOfFloats(int rows) {
        float[] x = numbers(rows * INPUTS);
        float[] weight = numbers(OUTPUTS * INPUTS);
        try (ScriptModule probe = ScriptModule.compile("probe", Map.of("linear", "int8_cuda"));
                Tensor inputs = Tensor.of(x, rows, INPUTS);
                Tensor stored = Tensor.of(weight, OUTPUTS, INPUTS);
                Tensor product = probe.call("product", inputs, stored, NumberFormat.FLOAT32.code(), "cpu")) {
            float[] found = product.floats();
            for (int i = 0; i < rows * OUTPUTS; i++) {
                double expected = 0;
                for (int j = 0; j < INPUTS; j++) {
                    expected += (double) x[i / OUTPUTS * INPUTS + j] * weight[i % OUTPUTS * INPUTS + j];
                }
                assertThat((double) found[i]).isBetween(expected - 0.6, expected + 0.6); // of about 10
            }
        }
    }

    private float[] numbers(int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }
}
