package io.github.internvl.internal.model;

import java.util.ArrayList;
import java.util.List;

/** Collects what a graph needs, in terms of layers instead of tensors. */
final class WeightTable {
    private static final int BITS = 4;
    static final int PER_INT = Integer.SIZE / BITS;

    private final List<Weight> weights = new ArrayList<>();
    private final int group;

    /**
     * Starts an empty table.
     *
     * @param group inputs that share a scale in linears that may be packed; 0 where none is
     */
    WeightTable(int group) {
        this.group = group;
    }

    List<Weight> weights() {
        return weights;
    }

    void add(String name, String stored, long... shape) {
        weights.add(new Weight(name, stored, false, null, shape));
    }

    /** A tensor that is the same as one before it, unless the checkpoint has it all the same. */
    void tied(String name, String stored, String before, long... shape) {
        String same = weights.stream()
                .filter(weight -> weight.name().equals(before))
                .map(Weight::stored)
                .findFirst()
                .orElseThrow();
        weights.add(new Weight(name, stored, false, same, shape));
    }

    void norm(String name, String stored, long width, boolean rms) {
        add(name + ".weight", stored + ".weight", width);
        if (!rms) {
            add(name + ".bias", stored + ".bias", width);
        }
    }

    /** A linear that is always stored as floats. */
    void linear(String name, String stored, long outputs, long inputs, boolean bias) {
        add(name + ".weight", stored + ".weight", outputs, inputs);
        if (bias) {
            add(name + ".bias", stored + ".bias", outputs);
        }
    }

    /** A linear of the language model's layers, which quantized checkpoints pack into 4 bits, as AWQ's "gemm" has them. */
    void packable(String name, String stored, long outputs, long inputs, boolean bias) {
        if (group == 0) {
            linear(name, stored, outputs, inputs, bias);
            return;
        }
        weights.add(new Weight(name + ".qweight", stored + ".qweight", true, null, inputs, outputs / PER_INT));
        weights.add(new Weight(name + ".qzeros", stored + ".qzeros", true, null, inputs / group, outputs / PER_INT));
        add(name + ".scales", stored + ".scales", inputs / group, outputs);
        if (bias) {
            add(name + ".bias", stored + ".bias", outputs);
        }
    }
}
