package io.github.internvl;

/**
 * The number format of a model's weights and computation. The default is the best for the device: bfloat16 where hardware
 * multiplies it, float32 on other CPUs, and {@link #INT4} for checkpoints that are stored in it.
 */
public enum Precision {
    /** 32-bit floats: the reference's answers to the last token; twice the memory of the next two. */
    FLOAT32,
    /** 16-bit brain floats: the format of the published checkpoints; slow on CPUs that do not multiply them. */
    BFLOAT16,
    /** 16-bit IEEE floats: for GPUs without brain floats; slow on CPUs. */
    FLOAT16,
    /**
     * 8-bit floats (E4M3) in the linears of the language model: weights with one scale for each output, rounded while
     * loading, and inputs with one for each token. For GPUs that multiply them, of compute capability 8.9 and newer; slow
     * elsewhere, with the same rounding. All else as with {@link #INT8}.
     */
    FP8,
    /**
     * 8-bit weights in the linears of the language model, one scale for each output, rounded while loading
     * ({@code load_in_8bit} of the model cards). On x86 CPUs, and on GPUs of other compute capabilities than 8.x, their
     * inputs are rounded to 8 bits as well, with a scale for each token. ViT, projector and all else are computed in the
     * device's best float format, unless {@link InternVLBuilder#visionPrecision} rounds the ViT too.
     */
    INT8,
    /**
     * 4-bit weights in the linears of the language model's layers: those of an AWQ checkpoint, or rounded while loading
     * with a scale and a zero for each 32 inputs, and a head of 8 bits. All else as with {@link #INT8}.
     */
    INT4
}
