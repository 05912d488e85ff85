package io.github.internvl.internal.checkpoint;

import io.github.internvl.internal.torch.NumberFormat;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The settings of an InternVL chat model from its config.json, in the official layout ({@code internvl_chat}), transformers' own
 * ({@code internvl}), or the one between them ({@code internvl2_5}).
 *
 * @param layout which names the tensors have
 * @param vision the ViT
 * @param language the language model
 * @param tileSize side of a tile in pixels ({@code force_image_size})
 * @param unshuffle patches that one visual token joins along a side (1 / {@code downsample_ratio})
 * @param unshuffleByColumns {@code ps_version} v1: visual tokens lie column by column
 * @param minTiles fewest tiles of a picture, without the thumbnail
 * @param maxTiles most tiles of a picture, without the thumbnail
 * @param thumbnail whether a tiled picture gets a thumbnail
 * @param template name of the dialogue template
 * @param systemMessage replaces the template's system message, where present
 * @param endIds the tokens that end an answer; empty where only the template's does
 * @param generation what it says of answers that a request leaves open
 * @param storedFormat the number format that the checkpoint names for its weights
 * @param videoFault why its frames of videos cannot be made; null if they are made as pictures are
 */
public record ModelConfig(
        Layout layout,
        VisionConfig vision,
        LanguageConfig language,
        int tileSize,
        int unshuffle,
        boolean unshuffleByColumns,
        int minTiles,
        int maxTiles,
        boolean thumbnail,
        String template,
        @Nullable String systemMessage,
        Set<Integer> endIds,
        GenerationDefaults generation,
        NumberFormat storedFormat,
        @Nullable String videoFault) {

    /**
     * Settings of generation.
     *
     * @param beginId the token that the reference's list of generated tokens begins with; empty if it begins with none
     * @param temperature with sampling on
     * @param topK with sampling on
     * @param topP with sampling on
     */
    public record GenerationDefaults(OptionalInt beginId, double temperature, int topK, double topP) {}

    /** Whose names and files a checkpoint has. */
    public enum Layout {
        /** The published one, {@code OpenGVLab/InternVL2_5-*}. */
        OFFICIAL,
        /** That of transformers, {@code *-hf}. */
        NATIVE,
        /** The published names and sections behind a processor of transformers, {@code model_type} internvl2_5. */
        CONVERTED
    }

    /**
     * The ViT.
     *
     * @param layers layers that the visual tokens are taken after ({@code select_layer}); the file may hold more
     * @param storedLayers layers in the file
     * @param width d
     * @param heads attention heads
     * @param mlpWidth width between the two linears of a layer
     * @param patch side of a patch in pixels
     * @param patches patches of the position table, {@code (image_size / patch)^2}
     * @param eps of the norms in the layers
     * @param rmsNorm RMSNorm (6B) or LayerNorm (300M)
     * @param qkNorm whether queries and keys are normalised (6B)
     * @param qkvBias whether the qkv linear has a bias (300M)
     */
    public record VisionConfig(
            int layers,
            int storedLayers,
            int width,
            int heads,
            int mlpWidth,
            int patch,
            int patches,
            double eps,
            boolean rmsNorm,
            boolean qkNorm,
            boolean qkvBias) {}

    /** Which names and which layout the language model's tensors have. */
    public enum Family {
        QWEN2,
        QWEN3,
        QWEN3_MOE,
        INTERNLM2,
        LLAMA,
        PHI3;

        /** Its {@code model_type}. */
        String modelType() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Whether the queries and keys of each head pass a norm before they are rotated. */
        public boolean normsHeads() {
            return this == QWEN3 || this == QWEN3_MOE;
        }
    }

    /**
     * The language model.
     *
     * @param family Qwen2, Qwen3 with or without experts, InternLM2, Phi-3, or Llama, which is also what transformers makes of
     *     InternLM2
     * @param vocabulary rows of the embedding, padding included
     * @param layers decoder layers
     * @param width h
     * @param heads query heads
     * @param kvHeads key and value heads
     * @param headWidth width of a head
     * @param mlpWidth width between gate/up and down, in layers without experts
     * @param eps of the norms
     * @param rope rotary embeddings
     * @param positions {@code max_position_embeddings}
     * @param attentionBias whether q, k and v have biases
     * @param outputBias whether the linear after them has one
     * @param tied whether the head is the embedding where the file has no head
     * @param packedGroup inputs that share a scale in 4-bit linears; 0 if they are not quantized
     * @param experts the experts of layers that are mixtures; {@link Experts#NONE} where none is
     */
    public record LanguageConfig(
            Family family,
            int vocabulary,
            int layers,
            int width,
            int heads,
            int kvHeads,
            int headWidth,
            int mlpWidth,
            double eps,
            RopeConfig rope,
            int positions,
            boolean attentionBias,
            boolean outputBias,
            boolean tied,
            int packedGroup,
            Experts experts) {

        /** Layers that are mixtures of experts. */
        public int mixtures() {
            return (int) IntStream.range(0, layers).filter(experts::isMixture).count();
        }

        /** Multiplications of a token in the MLPs of all layers; those of experts that it does not choose do not count. */
        public long mlpMultiplications() {
            long mixed = mixtures() * (long) experts.chosen() * experts.width();
            return 3L * width * ((layers - mixtures()) * (long) mlpWidth + mixed);
        }

        LanguageConfig withRope(RopeConfig other) {
            return new LanguageConfig(
                    family,
                    vocabulary,
                    layers,
                    width,
                    heads,
                    kvHeads,
                    headWidth,
                    mlpWidth,
                    eps,
                    other,
                    positions,
                    attentionBias,
                    outputBias,
                    tied,
                    packedGroup,
                    experts);
        }
    }

    /**
     * The experts of a mixture.
     *
     * @param count how many; 0 where no layer is a mixture
     * @param chosen how many a token passes
     * @param width between gate/up and down of one
     * @param normed whether the shares of the chosen ones are made to sum up to 1
     * @param step every so many layers one is a mixture
     * @param plainLayers layers that are none all the same
     */
    public record Experts(int count, int chosen, int width, boolean normed, int step, Set<Integer> plainLayers) {
        /** The experts of a model without mixtures. */
        public static final Experts NONE = new Experts(0, 0, 0, false, 1, Set.of());

        /** Whether a layer is a mixture. */
        public boolean isMixture(int layer) {
            return count > 0 && !plainLayers.contains(layer) && (layer + 1) % step == 0;
        }
    }

    /** The same without scaling of rotary embeddings. */
    ModelConfig withoutRopeScaling() {
        return new ModelConfig(
                layout,
                vision,
                language.withRope(language.rope().unscaled()),
                tileSize,
                unshuffle,
                unshuffleByColumns,
                minTiles,
                maxTiles,
                thumbnail,
                template,
                systemMessage,
                endIds,
                generation,
                storedFormat,
                videoFault);
    }

    /** The settings that decide numbers, as the log names them. */
    public String summary() {
        return language.rope() + ", heads " + language.heads() + " of "
                + language.headWidth() + " and " + language.kvHeads() + " for keys, RMSNorm eps " + language.eps()
                + ", ViT " + (vision.rmsNorm() ? "RMSNorm" : "LayerNorm") + " eps " + vision.eps() + ", tiles "
                + minTiles + ".." + maxTiles + " of " + tileSize + " px" + (thumbnail ? " and a thumbnail" : "");
    }

    /** Visual tokens of one tile. */
    public int tokensPerTile() {
        int side = tileSize / vision.patch() / unshuffle;
        return side * side;
    }
}
