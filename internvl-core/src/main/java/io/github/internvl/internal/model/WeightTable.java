package io.github.internvl.internal.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The tensors that a graph needs, collected part by part with their names in a checkpoint. */
final class WeightTable {
    private static final int BITS = 4;
    static final int PER_INT = Integer.SIZE / BITS;

    /** Names of an expert, which are the same in both layouts. */
    private static final Map<String, String> EXPERT = Map.of("gate", "gate_proj", "up", "up_proj", "down", "down_proj");

    private final List<Weight> weights;
    private final Map<String, String> names;
    private final String to;
    private final String from;
    private final int group;

    /**
     * An empty table.
     *
     * @param names the checkpoint's names of parts, by the graph's
     * @param from the text that all names in the checkpoint begin with
     * @param group inputs that share a scale in linears that may be packed; 0 where none is
     */
    WeightTable(Map<String, String> names, String from, int group) {
        this(new ArrayList<>(), names, "", from, group);
    }

    private WeightTable(List<Weight> weights, Map<String, String> names, String to, String from, int group) {
        this.weights = weights;
        this.names = names;
        this.to = to;
        this.from = from;
        this.group = group;
    }

    /** A view of this table that adds the tensors of a layer. */
    WeightTable layer(int index) {
        return new WeightTable(weights, names, "layers." + index + ".", stored("layers.") + index + ".", group);
    }

    /** A view of this table of a layer that adds the tensors of an expert. */
    WeightTable expert(int index) {
        String number = index + ".";
        return new WeightTable(weights, EXPERT, to + "experts." + number, stored("experts.") + number, group);
    }

    List<Weight> weights() {
        return weights;
    }

    /** Whether the checkpoint has such a part. */
    boolean has(String name) {
        return names.containsKey(name);
    }

    private String stored(String name) {
        return from + Objects.requireNonNull(names.get(name), name);
    }

    void add(String name, String suffix, long... shape) {
        add(name, suffix, false, shape);
    }

    private void add(String name, String suffix, boolean packed, long... shape) {
        weights.add(new Weight(to + name + suffix, stored(name) + suffix, packed, null, shape));
    }

    /** The head; a tied one is the embedding, unless the checkpoint has a head all the same. */
    void head(String stored, boolean tied, long... shape) {
        String otherwise = tied ? stored("embedding") + ".weight" : null;
        weights.add(new Weight("head.weight", stored + ".weight", false, otherwise, shape));
    }

    void norm(String name, long width, boolean rms) {
        add(name, ".weight", width);
        if (!rms) {
            add(name, ".bias", width);
        }
    }

    /** A linear that is always stored as floats. */
    void linear(String name, long outputs, long inputs, boolean bias) {
        add(name, ".weight", outputs, inputs);
        if (bias) {
            add(name, ".bias", outputs);
        }
    }

    /** A linear of the language model's layers, which quantized checkpoints pack into 4 bits, as AWQ's "gemm" has them. */
    void packable(String name, long outputs, long inputs, boolean bias) {
        if (group == 0) {
            linear(name, outputs, inputs, bias);
            return;
        }
        add(name, ".qweight", true, inputs, outputs / PER_INT);
        add(name, ".qzeros", true, inputs / group, outputs / PER_INT);
        add(name, ".scales", inputs / group, outputs);
        if (bias) {
            add(name, ".bias", outputs);
        }
    }
}
