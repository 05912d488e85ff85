package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights in few bits for CUDA, in those of their operations that a CPU has. */
class CudaWeightsTest {
    private static final int ROWS = 65; // from which on weights of 4 bits are widened
    private static final int LANES = 32;

    private final Random random = new Random(7);

    /**
     * The order of libtorch's kernel, as its {@code matrix_to_m16n8k16_Bint4_layout} writes it: 8 outputs and 128 inputs to a block, 8
     * numbers of one output to each of 4 packed numbers of 32 lanes.
     */
    private static int[] packed(int[][] numbers) {
        int outputs = numbers.length;
        int inputs = numbers[0].length;
        int[] packed = new int[outputs * inputs / 8];
        int at = 0;
        for (int block = 0; block < outputs / 8; block++) {
            for (int part = 0; part < inputs / 128; part++) {
                for (int lane = 0; lane < LANES; lane++) {
                    for (int quarter = 0; quarter < 4; quarter++) {
                        int[] row = numbers[block * 8 + lane / 4];
                        int first = part * 128 + quarter * 32 + 2 * (lane % 4);
                        int bits = 0;
                        for (int i = 0; i < 4; i++) {
                            bits |= row[first + 8 * i] << (4 * i);
                            bits |= row[first + 8 * i + 1] << (16 + 4 * i);
                        }
                        packed[at++] = bits;
                    }
                }
            }
        }
        return packed;
    }

    @ParameterizedTest
    @CsvSource({"16,256,32", "24,256,64", "16,384,128", "8,512,256"})
    void manyRowsAreMultipliedByWidenedNumbers(int outputs, int inputs, int group) {
        int[][] numbers = new int[outputs][inputs];
        float[] scalesAndZeros = new float[inputs / group * outputs * 2];
        for (int i = 0; i < scalesAndZeros.length; i++) {
            scalesAndZeros[i] = random.nextInt(1, 9) / 8f; // exact in bfloat16
        }
        float[] x = new float[ROWS * inputs];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextInt(-8, 9) / 8f;
        }
        for (int[] row : numbers) {
            for (int i = 0; i < inputs; i++) {
                row[i] = random.nextInt(16);
            }
        }
        try (ScriptModule trial = ScriptModule.compile("packed_trial", Map.of("linear", "int4_cuda"));
                Tensor input = Tensor.of(x, ROWS, inputs);
                Tensor weight = Tensor.of(packed(numbers));
                Tensor shaped = trial.call("shaped", weight, new int[] {outputs / 8, inputs / 128, LANES, 4});
                Tensor both = Tensor.of(scalesAndZeros, inputs / group, outputs, 2);
                Tensor y = trial.call("product", input, shaped, both, group)) {
            float[] found = y.floats();
            for (int i = 0; i < found.length; i++) {
                int row = i / outputs;
                int output = i % outputs;
                double sum = 0;
                for (int k = 0; k < inputs; k++) {
                    int pair = (k / group * outputs + output) * 2;
                    double w = (numbers[output][k] - 8) * scalesAndZeros[pair] + scalesAndZeros[pair + 1];
                    sum += x[row * inputs + k] * w;
                }
                assertThat((double) found[i])
                        .as("row %s, output %s", row, output)
                        .isCloseTo(sum, within(0.02 + Math.abs(sum) / 128));
            }
        }
    }

    @Test
    void eightBitsRoundEachRowByItsOwnLargestNumber() {
        int inputs = 130; // no multiple of 8, which the product asks for
        int outputs = 99;
        float[] weight = new float[outputs * inputs];
        float[] x = new float[3 * inputs]; // the first row is zeros
        for (int i = 0; i < weight.length; i++) {
            weight[i] = random.nextInt(-127, 128);
        }
        for (int output = 0; output < outputs; output++) {
            weight[output * inputs] = 127; // so that the scale is 1
        }
        for (int i = inputs; i < x.length; i++) {
            x[i] = random.nextInt(-127, 128) * (i < 2 * inputs ? 1f : 1024f);
        }
        x[inputs] = 127;
        x[2 * inputs] = 127 * 1024f;
        try (ScriptModule probe = ScriptModule.compile("probe", Map.of("linear", "int8_cuda"));
                Tensor input = Tensor.of(x, 3, inputs);
                Tensor stored = Tensor.of(weight, outputs, inputs);
                Tensor y = probe.call("product", input, stored, NumberFormat.FLOAT32.code(), "cpu")) {
            float[] found = y.floats();
            for (int i = 0; i < found.length; i++) {
                double sum = 0;
                for (int k = 0; k < inputs; k++) {
                    sum += x[i / outputs * inputs + k] * weight[i % outputs * inputs + k];
                }
                assertThat((double) found[i]).as("%s", i).isCloseTo(sum, within(1e-3 + Math.abs(sum) * 1e-5));
            }
        }
    }
}
