package io.github.internvl.tests.conformance;

import io.github.internvl.internal.torch.Tensor;
import java.util.Arrays;
import java.util.List;

/** The numbers of a tensor in Java, row by row. */
record Numbers(float[] values, long... shape) {

    /** Reads a float32 tensor on the CPU and closes it. */
    static Numbers of(Tensor tensor) {
        try (tensor) {
            return new Numbers(tensor.floats(), tensor.shape());
        }
    }

    /** Joins tensors along their first dimension. */
    static Numbers join(List<Numbers> parts) {
        long[] shape = parts.get(0).shape.clone();
        shape[0] = parts.stream().mapToLong(part -> part.shape[0]).sum();
        float[] values =
                new float[parts.stream().mapToInt(part -> part.values.length).sum()];
        int at = 0;
        for (Numbers part : parts) {
            System.arraycopy(part.values, 0, values, at, part.values.length);
            at += part.values.length;
        }
        return new Numbers(values, shape);
    }

    /** Some entries along the first dimension. */
    Numbers slice(int from, int count) {
        int size = values.length / (int) shape[0];
        long[] part = shape.clone();
        part[0] = count;
        return new Numbers(Arrays.copyOfRange(values, from * size, (from + count) * size), part);
    }

    /** The last entry along the first dimension, as a tensor of one dimension less. */
    Numbers last() {
        Numbers last = slice((int) shape[0] - 1, 1);
        return last.reshaped(Arrays.copyOfRange(shape, 1, shape.length));
    }

    Numbers reshaped(long... sizes) {
        return new Numbers(values, sizes);
    }

    Tensor tensor() {
        return Tensor.of(values, shape);
    }

    /** Mean, root of the mean square, least and greatest number. */
    float[] statistics() {
        double sum = 0;
        double squares = 0;
        double least = Double.POSITIVE_INFINITY;
        double greatest = Double.NEGATIVE_INFINITY;
        for (float value : values) {
            sum += value;
            squares += (double) value * value;
            least = Math.min(least, value);
            greatest = Math.max(greatest, value);
        }
        int n = values.length;
        return new float[] {(float) (sum / n), (float) Math.sqrt(squares / n), (float) least, (float) greatest};
    }
}
