package io.github.internvl.internal.model;

import io.github.internvl.Precision;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.NumberFormat;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The sizes of a model's parts, derived from its settings alone through the tables that weights are bound by. Numbers of a
 * quantized checkpoint are those before it was quantized.
 */
public final class Footprint {
    private static final int INT4_GROUP = 32;
    private static final int STORED_BYTES = 2;

    private final LanguageConfig llm;
    private final List<Weight> visionGraph;
    private final List<Weight> languageGraph;
    private final String lastLayer;

    /** The footprint of a model with these settings. */
    public Footprint(ModelConfig config) {
        Layout official = Layout.official(config);
        this.llm = config.language();
        this.visionGraph = official.vision();
        this.languageGraph = official.language();
        this.lastLayer = "layers." + (llm.layers() - 1) + ".";
    }

    /** Numbers of the ViT. */
    public long vision() {
        return numbers(visionGraph, weight -> !weight.name().startsWith("mlp."));
    }

    /** Numbers of the projector. */
    public long projector() {
        return numbers(visionGraph, weight -> weight.name().startsWith("mlp."));
    }

    private long embedding() {
        return numbers(languageGraph, weight -> weight.name().startsWith("embedding."));
    }

    /** Numbers of one layer of the language model, the last: a mixture of experts, where there are any. */
    public long layer() {
        return numbers(languageGraph, weight -> weight.name().startsWith(lastLayer));
    }

    /** Numbers of the linears of a layer, which can be quantized. */
    private long layerLinears() {
        return numbers(
                languageGraph,
                weight -> weight.name().startsWith(lastLayer)
                        && weight.shape().length == 2
                        && !weight.name().endsWith("router.weight"));
    }

    private long layers() {
        return numbers(languageGraph, weight -> weight.name().startsWith("layers."));
    }

    private long norm() {
        return numbers(languageGraph, weight -> weight.name().startsWith("norm."));
    }

    /** Numbers of the head; none where it is the embedding. */
    private long head() {
        return numbers(languageGraph, weight -> weight.name().startsWith("head.") && !weight.optional());
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
        return vision() + projector() + embedding() + layers() + norm() + head();
    }

    /** Numbers that a token of an answer passes: of experts those that it chooses, and of the embedding none but its row. */
    public long activeNumbers() {
        long experts = numbers(languageGraph, weight -> weight.name().contains(".experts."));
        long chosen = experts == 0
                ? 0
                : experts * llm.experts().chosen() / llm.experts().count();
        return layers() - experts + chosen + norm() + (llm.tied() ? embedding() : head());
    }

    /** Keys and values that all layers keep of one token. */
    public long keyValues() {
        return llm.layers() * layerKeyValues();
    }

    private long layerKeyValues() {
        return 2L * llm.kvHeads() * llm.headWidth();
    }

    /** Bytes that all layers keep of one token. */
    public long keyBytes(Models.Format format) {
        return llm.layers() * layerKeyBytes(format.numbers().bytes(), format.shortKeys());
    }

    /**
     * The most tokens for whose keys and values GPUs have room; {@link Long#MAX_VALUE} where none has layers.
     *
     * @param free bytes that a device has free
     * @param spare bytes of each device for other things
     */
    public long keyTokens(Models.Format format, ToLongFunction<String> free, long spare) {
        Map<String, Long> layers = IntStream.range(0, llm.layers())
                .mapToObj(format.places()::layer)
                .filter(CudaDevices::isCuda)
                .collect(Collectors.groupingBy(device -> device, Collectors.counting()));
        long each = layerKeyBytes(format.numbers().bytes(), format.shortKeys());
        return layers.entrySet().stream()
                .mapToLong(device -> (free.applyAsLong(device.getKey()) - spare) / (device.getValue() * each))
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Bytes for a layer's keys and values of 8 bits that attention over static slots has widened, to numbers of so many bytes. */
    public long widenedBytes(int perNumber, long tokens) {
        return tokens
                * layerKeyValues()
                / 2
                * (NumberFormat.FLOAT32.bytes() + 2 * perNumber); // of one half, and of both
    }

    /** Bytes of a step's largest results at once: gate and up, their product, and a quarter of gate and up twice in 32 bits. */
    public long stepBytes(int perNumber, int tokens) {
        long width = Math.max(
                llm.mlpWidth(), (long) llm.experts().chosen() * llm.experts().width());
        return tokens * width * (3 * perNumber + NumberFormat.FLOAT32.bytes());
    }

    /** Bytes of keys and values that one layer stores; in 8 bits each head has two scales beside its numbers. */
    private long layerKeyBytes(int perNumber, boolean shortKeys) {
        long scales = 2L * llm.kvHeads() * NumberFormat.FLOAT32.bytes();
        return shortKeys ? layerKeyValues() + scales : layerKeyValues() * perNumber;
    }

    /** Bytes of the parts in memory, with the keys and values of so many tokens, in 8 bits or not. */
    public PartBytes parts(Precision precision, int keyTokens, boolean shortKeys) {
        int perNumber = precision == Precision.FLOAT32 ? 4 : 2;
        return new PartBytes(
                vision() * perNumber,
                projector() * perNumber,
                embedding() * perNumber,
                layerBytes(perNumber, precision) + layerKeyBytes(perNumber, shortKeys) * keyTokens,
                llm.layers(),
                headBytes(perNumber, precision));
    }

    private long layerBytes(int perNumber, Precision precision) {
        long linears = layerLinears();
        long others = (layer() - linears) * perNumber;
        if (llm.packedGroup() > 0 || precision == Precision.INT4) {
            int group = llm.packedGroup() > 0 ? llm.packedGroup() : INT4_GROUP;
            return others + linears / 2 + linears / group * 2 * perNumber; // a scale and a zero
        }
        return others + linears * (precision == Precision.INT8 || precision == Precision.FP8 ? 1 : perNumber);
    }

    private long headBytes(int perNumber, Precision precision) {
        boolean eight = switch (precision) {
            case FP8, INT8, INT4 -> llm.packedGroup() == 0;
            case FLOAT32, BFLOAT16, FLOAT16 -> false;
        };
        return norm() * perNumber + head() * (eight ? 1 : perNumber);
    }

    /** Bytes on disk of a checkpoint in 16 bits, or in 4 with scales of 16 and zeros of 4. */
    public long storedBytes() {
        long stored = numbers() * STORED_BYTES;
        if (llm.packedGroup() == 0) {
            return stored;
        }
        long linears = llm.layers() * layerLinears();
        long groups = linears / llm.packedGroup();
        return stored - linears * STORED_BYTES + linears / 2 + groups * STORED_BYTES + groups / 2;
    }
}
