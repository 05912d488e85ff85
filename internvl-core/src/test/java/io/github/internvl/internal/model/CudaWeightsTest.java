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

    /**
     * The order of libtorch's kernel, as {@code quantized_weight_reorder_for_mixed_dtypes_linear_cutlass} of PyTorch writes it: inputs
     * change places within 16, outputs take turns by two, 16 words of 4 inputs each, and the middle bytes of a word change places.
     */
    private static int[] shuffled(int[][] numbers) {
        int[] places = {0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15};
        int[] bytes = {0, 2, 1, 3};
        int inputs = numbers[0].length;
        int[] shuffled = new int[numbers.length * inputs];
        for (int output = 0; output < numbers.length; output++) {
            for (int input = 0; input < inputs; input++) {
                int at = input / 16 * 16 + places[input % 16];
                int word = output / 2 * (inputs / 4 * 2) + at / 4 / 16 * 32 + output % 2 * 16 + at / 4 % 16;
                shuffled[word * 4 + bytes[at % 4]] = numbers[output][input];
            }
        }
        return shuffled;
    }

    @ParameterizedTest
    @CsvSource({"64,64", "128,192", "192,128"})
    void mixedProductsReadNumbersInTheOrderOfTheirKernel(int outputs, int inputs) {
        int[][] numbers = new int[outputs][inputs];
        float[] stored = new float[outputs * inputs];
        for (int i = 0; i < stored.length; i++) {
            numbers[i / inputs][i % inputs] = random.nextInt(256);
            stored[i] = numbers[i / inputs][i % inputs];
        }
        try (ScriptModule trial = ScriptModule.compile("mixed_trial", Map.of("linear", "int8_mixed_cuda"));
                Tensor given = Tensor.of(stored, outputs, inputs);
                Tensor found = trial.call("shuffled", given)) {
            int[] expected = shuffled(numbers);
            float[] order = found.floats();
            for (int i = 0; i < expected.length; i++) {
                assertThat(order[i]).as("byte %s", i).isEqualTo(expected[i]);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"99,130", "128,64"}) // of the first, neither is a multiple of 64
    void manyRowsAreMultipliedByMixedNumbersThatAreWidened(int outputs, int inputs) {
        float[] weight = new float[outputs * inputs];
        for (int i = 0; i < weight.length; i++) {
            weight[i] = i % inputs == 0 ? 127 : random.nextInt(-127, 128); // the first, so that the scale is 1
        }
        float[] x = new float[ROWS * inputs];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextInt(-8, 9) / 8f;
        }
        try (ScriptModule probe = ScriptModule.compile("probe", Map.of("linear", "int8_mixed_cuda"));
                Tensor input = Tensor.of(x, ROWS, inputs);
                Tensor stored = Tensor.of(weight, outputs, inputs);
                Tensor y = probe.call("product", input, stored, NumberFormat.FLOAT32.code(), "cpu")) {
            float[] found = y.floats();
            assertThat(found).hasSize(ROWS * outputs);
            for (int i = 0; i < found.length; i++) {
                double sum = 0;
                for (int k = 0; k < inputs; k++) {
                    sum += x[i / outputs * inputs + k] * weight[i % outputs * inputs + k];
                }
                assertThat((double) found[i]).as("%s", i).isCloseTo(sum, within(1e-2));
            }
        }
    }
}
