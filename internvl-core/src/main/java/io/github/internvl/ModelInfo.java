package io.github.internvl;

import io.github.internvl.internal.checkpoint.Catalogue;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.model.Footprint;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The facts of a checkpoint: its parts, their sizes, and the memory that they take. Immutable and thread-safe. A checkpoint on
 * disk is read without its weights, and a {@link Published} model needs no files at all.
 */
public final class ModelInfo {
    private static final Pattern CACHED = Pattern.compile("/models--([^/]+)/snapshots/[^/]+$");

    private final String name;
    private final String source;
    private final ModelConfig config;
    private final Footprint footprint;
    private final long storedBytes;

    private ModelInfo(String name, String source, ModelConfig config, Footprint footprint, long storedBytes) {
        this.name = name;
        this.source = source;
        this.config = config;
        this.footprint = footprint;
        this.storedBytes = storedBytes;
    }

    /**
     * Reads a checkpoint folder without loading its weights.
     *
     * @throws CheckpointException if a file is missing or damaged, or has an unknown setting
     */
    public static ModelInfo of(Path folder) {
        return of(Checkpoint.open(folder));
    }

    static ModelInfo of(Checkpoint checkpoint) {
        ModelConfig config = checkpoint.config();
        Path folder = checkpoint.folder();
        return new ModelInfo(name(folder), folder.toString(), config, new Footprint(config), checkpoint.bytes());
    }

    private static String name(Path folder) {
        Path whole = folder.toAbsolutePath().normalize();
        Matcher cached = CACHED.matcher(whole.toString().replace('\\', '/'));
        return cached.find() ? cached.group(1).replaceFirst("--", "/") : String.valueOf(whole.getFileName());
    }

    static ModelInfo of(Catalogue.Entry known) {
        ModelConfig config = known.config();
        Footprint footprint = new Footprint(config);
        return new ModelInfo(known.id(), known.id(), config, footprint, footprint.storedBytes());
    }

    Footprint footprint() {
        return footprint;
    }

    /** The folder that it lies in, or the id of a {@link Published} model. */
    public String source() {
        return source;
    }

    /** Its id on the hub, if it lies in the hub's cache or is a {@link Published} model; else the name of its folder. */
    public String name() {
        return name;
    }

    /** {@code qwen2}, {@code qwen3}, {@code qwen3_moe}, {@code internlm2}, {@code llama} or {@code phi3}. */
    public String languageModel() {
        return config.language().family().name().toLowerCase(Locale.ROOT);
    }

    /** Numbers in all tensors; for AWQ before they were quantized. */
    public long parameters() {
        return footprint.numbers();
    }

    /**
     * The parameters that each token of an answer passes, in the language model. Of a mixture of experts they are few, and its
     * speed is that of a model of their number.
     */
    public long activeParameters() {
        return footprint.activeNumbers();
    }

    /** The parameters of the ViT and the projector. */
    public long visionParameters() {
        return footprint.vision() + footprint.projector();
    }

    /** Bytes of all tensors on disk. */
    public long weightBytes() {
        return storedBytes;
    }

    /** Number format of the weights, as config.json names it; {@link Precision#INT4} for AWQ. */
    public Precision storedPrecision() {
        return config.language().packedGroup() > 0
                ? Precision.INT4
                : Precision.valueOf(config.storedFormat().name());
    }

    /** Layers of the ViT. */
    public int visionLayers() {
        return config.vision().storedLayers();
    }

    /** Layers of the language model. */
    public int languageLayers() {
        return config.language().layers();
    }

    /** Rows of the embedding. */
    public int vocabulary() {
        return config.language().vocabulary();
    }

    /** Side of a tile in pixels. */
    public int tileSize() {
        return config.tileSize();
    }

    /** Visual tokens of a tile. */
    public int tokensPerTile() {
        return config.tokensPerTile();
    }

    /** Most tiles of a picture, without its thumbnail. */
    public int maxTiles() {
        return config.maxTiles();
    }

    /** Positions that the language model was made for. */
    public int positions() {
        return config.language().positions();
    }

    /** Numbers in the KV cache for each token. */
    public long keyValueNumbersPerToken() {
        return footprint.keyValues();
    }

    /**
     * Bytes of memory in a precision: weights, and a KV cache of {@code contextTokens} tokens, without intermediate results.
     * FP8, INT8 and INT4 keep all but linears of the language model, and the KV cache, in 16 bits. The linears of an AWQ
     * checkpoint stay in 4 bits in every precision.
     */
    public long memoryBytes(Precision precision, int contextTokens) {
        return footprint.parts(precision, contextTokens, false).total();
    }

    /**
     * A published checkpoint of the InternVL family, known without its files: parts and licence as model cards name
     * them, sizes computed from its config.json. Immutable.
     *
     * @param id the repository on the Hugging Face hub, such as {@code OpenGVLab/InternVL2_5-1B}
     * @param visionModel the ViT that it was made from, such as {@code InternViT-300M-448px-V2_5}
     * @param languageModel the language model that it was made from, such as {@code Qwen2.5-0.5B-Instruct}
     * @param licence the licences of its parts
     * @param info its sizes; the source is the id
     */
    public record Published(String id, String visionModel, String languageModel, String licence, ModelInfo info) {

        /** All of them: by generation, then by size, each size followed by its variants. */
        public static List<Published> all() {
            return Catalogue.entries().stream().map(Published::of).toList();
        }

        /** The model of an id, with or without the owner in front ({@code InternVL2_5-1B}). */
        public static Optional<Published> find(String id) {
            return Catalogue.find(id).map(Published::of);
        }

        private static Published of(Catalogue.Entry known) {
            String licence = "MIT, and for " + known.language() + " " + known.licence();
            return new Published(known.id(), known.vision(), known.language(), licence, ModelInfo.of(known));
        }
    }
}
