package io.github.internvl;

import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.StoredTensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * What a checkpoint folder holds. Immutable.
 *
 * @param folder the folder
 * @param languageModel {@code qwen2}, {@code internlm2} or {@code llama}
 * @param parameters numbers in all tensors
 * @param visionParameters those of the ViT and the projector
 * @param weightBytes bytes of all tensors on disk
 * @param storedPrecision number format of the weights, as config.json names it; {@link Precision#INT4} for AWQ
 * @param visionLayers layers of the ViT
 * @param languageLayers layers of the language model
 * @param vocabulary rows of the embedding
 * @param tileSize side of a tile in pixels
 * @param tokensPerTile visual tokens of a tile
 * @param maxTiles most tiles of a picture, without its thumbnail
 * @param positions positions that the language model was made for
 * @param keyValueNumbersPerToken numbers that each token takes in the KV cache
 */
public record ModelInfo(
        Path folder,
        String languageModel,
        long parameters,
        long visionParameters,
        long weightBytes,
        Precision storedPrecision,
        int visionLayers,
        int languageLayers,
        int vocabulary,
        int tileSize,
        int tokensPerTile,
        int maxTiles,
        int positions,
        long keyValueNumbersPerToken) {

    /**
     * Reads a checkpoint folder without loading its weights.
     *
     * @throws CheckpointException if a file is missing, damaged, or says something unknown
     */
    public static ModelInfo of(Path folder) {
        return of(Checkpoint.open(folder));
    }

    static ModelInfo of(Checkpoint checkpoint) {
        ModelConfig config = checkpoint.config();
        ModelConfig.LanguageConfig llm = config.language();
        long all = 0;
        long language = 0;
        for (StoredTensor tensor : checkpoint.tensors().values()) {
            long numbers = Arrays.stream(tensor.shape()).reduce(1, (a, b) -> a * b);
            all += numbers;
            language += tensor.name().startsWith("language_model.") ? numbers : 0;
        }
        return new ModelInfo(
                checkpoint.folder(),
                llm.family().name().toLowerCase(Locale.ROOT),
                all,
                all - language,
                checkpoint.bytes(),
                llm.packedGroup() > 0
                        ? Precision.INT4
                        : Precision.valueOf(config.storedFormat().name()),
                config.vision().storedLayers(),
                llm.layers(),
                llm.vocabulary(),
                config.tileSize(),
                config.tokensPerTile(),
                config.maxTiles(),
                llm.positions(),
                2L * llm.layers() * llm.kvHeads() * llm.headWidth());
    }
}
