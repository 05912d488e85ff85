package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.torch.NumberFormat;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/**
 * How many numbers a model keeps, part by part, told from its settings alone; those of a quantized checkpoint as many as
 * before it was quantized.
 *
 * @param vision the ViT
 * @param projector the projector
 * @param embedding the language model's embedding
 * @param layer one of its layers
 * @param layerLinears of those, the ones in linears, which can be quantized
 * @param layers how many layers there are
 * @param norm the norm after the layers
 * @param head the head; nothing where it is the embedding
 * @param layerKeyValues keys and values that one layer keeps of one token
 * @param kvHeads heads of these
 * @param packedGroup inputs that share a scale in a checkpoint that is quantized; 0 in others
 */
public record Footprint(
        long vision,
        long projector,
        long embedding,
        long layer,
        long layerLinears,
        int layers,
        long norm,
        long head,
        long layerKeyValues,
        int kvHeads,
        int packedGroup) {
    private static final int INT4_GROUP = 32;
    private static final int STORED_BYTES = 2;

    /** Adds up the tables that weights are bound by. */
    public static Footprint of(ModelConfig config) {
        List<Weight> vision = OfficialLayout.vision(config);
        List<Weight> language = OfficialLayout.language(config);
        ModelConfig.LanguageConfig llm = config.language();
        Predicate<Weight> first = weight -> weight.name().startsWith("layers.0.");
        return new Footprint(
                numbers(vision, weight -> !weight.name().startsWith("mlp.")),
                numbers(vision, weight -> weight.name().startsWith("mlp.")),
                numbers(language, weight -> weight.name().startsWith("embedding.")),
                numbers(language, first),
                numbers(language, first.and(weight -> weight.shape().length == 2)),
                llm.layers(),
                numbers(language, weight -> weight.name().startsWith("norm.")),
                numbers(language, weight -> weight.name().startsWith("head.") && !weight.optional()),
                2L * llm.kvHeads() * llm.headWidth(),
                llm.kvHeads(),
                llm.packedGroup());
    }

    private static long numbers(List<Weight> weights, Predicate<Weight> which) {
        return weights.stream().filter(which).mapToLong(Footprint::numbers).sum();
    }

    private static long numbers(Weight weight) {
        if (weight.name().endsWith(".qzeros") || weight.name().endsWith(".scales")) {
            return 0; // not there before quantization
        }
        long stored = Arrays.stream(weight.shape()).reduce(1, (a, b) -> a * b);
        return weight.packed() ? stored * WeightTable.PER_INT : stored;
    }

    /** Numbers in all weights. */
    public long numbers() {
        return vision + projector + embedding + layers * layer + norm + head;
    }

    /** Keys and values that all layers keep of one token. */
    public long keyValues() {
        return layers * layerKeyValues;
    }

    /** Bytes that all layers keep of one token. */
    public long keyBytes(Models.Format format) {
        return layers * layerKeyBytes(format.numbers().bytes(), format.shortKeys());
    }

    /** The bytes of keys and values that one layer stores; in 8 bits each head has two scales beside its numbers. */
    public long layerKeyBytes(int perNumber, boolean shortKeys) {
        long scales = 2L * kvHeads * NumberFormat.FLOAT32.bytes();
        return shortKeys ? layerKeyValues + scales : layerKeyValues * perNumber;
    }

    /** Bytes in memory, with so many for each number that is not in a quantized linear. */
    public long bytes(int perNumber, LinearWeights linears) {
        return (vision + projector + embedding) * perNumber
                + layers * layerBytes(perNumber, linears)
                + headBytes(perNumber, linears);
    }

    /** The bytes of one layer. */
    public long layerBytes(int perNumber, LinearWeights linears) {
        long others = (layer - layerLinears) * perNumber;
        if (packedGroup > 0 || linears == LinearWeights.INT4) {
            int group = packedGroup > 0 ? packedGroup : INT4_GROUP;
            return others + layerLinears / 2 + layerLinears / group * 2 * perNumber; // a scale and a zero
        }
        return others + layerLinears * (linears == LinearWeights.INT8 ? 1 : perNumber);
    }

    /** The bytes of the final norm and the head. */
    public long headBytes(int perNumber, LinearWeights linears) {
        boolean eight = packedGroup == 0 && linears != LinearWeights.AS_STORED;
        return norm * perNumber + head * (eight ? 1 : perNumber);
    }

    /** Bytes on disk of a checkpoint in 16 bits, or in 4 with scales of 16 and zeros of 4. */
    public long storedBytes() {
        long stored = numbers() * STORED_BYTES;
        if (packedGroup == 0) {
            return stored;
        }
        long linears = layers * layerLinears;
        long groups = linears / packedGroup;
        return stored - linears * STORED_BYTES + linears / 2 + groups * STORED_BYTES + groups / 2;
    }
}
