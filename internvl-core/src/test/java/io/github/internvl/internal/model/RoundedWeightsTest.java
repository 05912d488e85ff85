package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights that are rounded while loading are off by half a step at most: told from products with unit vectors. */
class RoundedWeightsTest {
    private static final int OUTPUTS = 48;
    private static final int INPUTS = 128;
    private static final int GROUP = 32;
    private static final float LARGEST_FP8 = 448;

    private final float[] weight = weight();

    private static float[] weight() {
        Random random = new Random(3);
        float[] weight = new float[OUTPUTS * INPUTS];
        for (int i = 0; i < weight.length; i++) {
            float size = i / INPUTS % 3 == 0 ? 40 : 0.02f; // rows of different sizes
            weight[i] = (float) (size * random.nextGaussian() + (i / INPUTS % 5 == 0 ? 3 * size : 0));
        }
        return weight;
    }

    /** The weight that a kernel multiplies by [OUTPUTS, INPUTS]. */
    private float[] rounded(LinearKernel kernel) {
        float[] unit = new float[INPUTS * INPUTS];
        for (int i = 0; i < INPUTS; i++) {
            unit[i * INPUTS + i] = 1;
        }
        try (ScriptModule probe = ScriptModule.compile("probe", Map.of("linear", kernel.file()));
                Tensor x = Tensor.of(unit, INPUTS, INPUTS);
                Tensor stored = Tensor.of(weight, OUTPUTS, INPUTS);
                Tensor product = probe.call("product", x, stored, NumberFormat.FLOAT32.code(), "cpu")) {
            float[] byInput = product.floats();
            float[] found = new float[weight.length];
            for (int i = 0; i < found.length; i++) {
                found[i] = byInput[i % INPUTS * OUTPUTS + i / INPUTS];
            }
            return found;
        }
    }

    @Test
    void fourBitsMissAWeightByHalfAStepOfItsGroup() {
        float[] found = rounded(LinearKernel.INT4);
        for (int group = 0; group < weight.length; group += GROUP) {
            float low = 0;
            float high = 0;
            for (int i = group; i < group + GROUP; i++) {
                low = Math.min(low, weight[i]);
                high = Math.max(high, weight[i]);
            }
            float step = (high - low) / 15;
            for (int i = group; i < group + GROUP; i++) {
                assertThat(Math.abs(found[i] - weight[i]) / step)
                        .as("weight %s of %s", i, step)
                        .isLessThanOrEqualTo(0.501f);
            }
        }
    }

    @Test
    void eightBitsMissAWeightByHalfAStepOfItsRow() {
        float[] found = rounded(LinearKernel.INT8);
        for (int row = 0; row < OUTPUTS; row++) {
            float most = 0;
            for (int i = row * INPUTS; i < (row + 1) * INPUTS; i++) {
                most = Math.max(most, Math.abs(weight[i]));
            }
            for (int i = row * INPUTS; i < (row + 1) * INPUTS; i++) {
                assertThat(Math.abs(found[i] - weight[i])).isLessThanOrEqualTo(0.501f * most / 127);
            }
        }
    }

    @Test
    void floatsOfEightBitsAreTheNearestToEachWeight() {
        float[] found = rounded(LinearKernel.FP8);
        for (int row = 0; row < OUTPUTS; row++) {
            float most = 0;
            for (int i = row * INPUTS; i < (row + 1) * INPUTS; i++) {
                most = Math.max(most, Math.abs(weight[i]));
            }
            double scale = most / LARGEST_FP8;
            for (int i = row * INPUTS; i < (row + 1) * INPUTS; i++) {
                assertThat((double) found[i])
                        .as("weight %s: %s of %s", i, weight[i], most)
                        .isCloseTo(fp8(weight[i] / scale) * scale, within(1e-6 * most));
            }
        }
    }

    /** The nearest float with 3 bits of mantissa and 4 of exponent, of which -6 is the lowest that is not subnormal. */
    private static double fp8(double number) {
        double step = Math.scalb(1.0, Math.max(-6, Math.getExponent(number)) - 3);
        return Math.rint(number / step) * step;
    }

    @ParameterizedTest
    @EnumSource(
            value = NumberFormat.class,
            names = {"FLOAT32", "BFLOAT16"})
    void manyRowsOfFourBitsAreMultipliedAsFewAre(NumberFormat numbers) {
        assumeTrue(LinearKernel.INT4_CPU.works(numbers, "cpu"), "libtorch has this kernel on x86 alone");
        int rows = 130;
        float[] x = new float[rows * INPUTS];
        Random random = new Random(4);
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextInt(-8, 9) / 8f; // exact in bfloat16
        }
        float[] few = new float[rows * OUTPUTS];
        try (ScriptModule probe = ScriptModule.compile("probe", Map.of("linear", LinearKernel.INT4_CPU.file()));
                Tensor stored = Tensor.of(weight, OUTPUTS, INPUTS)) {
            for (int row = 0; row < rows; row++) {
                try (Tensor one = Tensor.of(Arrays.copyOfRange(x, row * INPUTS, (row + 1) * INPUTS), 1, INPUTS);
                        Tensor y = probe.call("product", one, stored, numbers.code(), "cpu")) {
                    System.arraycopy(y.floats(), 0, few, row * OUTPUTS, OUTPUTS);
                }
            }
            try (Tensor all = Tensor.of(x, rows, INPUTS);
                    Tensor y = probe.call("product", all, stored, numbers.code(), "cpu")) {
                float[] many = y.floats();
                for (int i = 0; i < many.length; i++) {
                    float size = i % OUTPUTS % 3 == 0 ? 40 : 0.02f;
                    assertThat(many[i])
                            .as("row %s, output %s", i / OUTPUTS, i % OUTPUTS)
                            .isCloseTo(few[i], within(size * 0.4f + Math.abs(few[i]) * 0.01f));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = LinearKernel.class,
            names = {"INT8_ONEDNN", "INT8_FBGEMM", "INT8", "FP8"})
    void aRowOfEightBitsIsMultipliedAloneAsItIsAmongMany(LinearKernel kernel) {
        assumeTrue(kernel.works(NumberFormat.FLOAT32, "cpu"), "this CPU lacks the kernel");
        int rows = 700;
        int empty = 299; // of zeros, which have no scale
        float[] x = new float[rows * INPUTS];
        Random random = new Random(5);
        for (int i = 0; i < x.length; i++) {
            x[i] = i / INPUTS == empty ? 0 : (float) random.nextGaussian();
        }
        try (ScriptModule probe = ScriptModule.compile("probe", Map.of("linear", kernel.file()));
                Tensor stored = Tensor.of(weight, OUTPUTS, INPUTS);
                Tensor all = Tensor.of(x, rows, INPUTS);
                Tensor together = probe.call("product", all, stored, NumberFormat.FLOAT32.code(), "cpu")) {
            float[] many = together.floats();
            for (int row : new int[] {0, 1, 255, 256, empty, 511, 512, rows - 1}) {
                try (Tensor one = Tensor.of(Arrays.copyOfRange(x, row * INPUTS, (row + 1) * INPUTS), 1, INPUTS);
                        Tensor y = probe.call("product", one, stored, NumberFormat.FLOAT32.code(), "cpu")) {
                    float[] alone = y.floats();
                    for (int i = 0; i < OUTPUTS; i++) {
                        float size = i % 3 == 0 ? 40 : 0.02f;
                        assertThat(alone[i])
                                .as("row %s, output %s", row, i)
                                .isCloseTo(many[row * OUTPUTS + i], within(size * 1e-2f));
                        assertThat(row != empty || alone[i] == 0).isTrue();
                    }
                }
            }
        }
    }
}
