package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Weights that are rounded while loading are off by half a step at most: told from products with unit vectors. */
class RoundedWeightsTest {
    private static final int OUTPUTS = 48;
    private static final int INPUTS = 128;
    private static final int GROUP = 32;

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
}
