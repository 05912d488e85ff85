package io.github.internvl.internal.model;

/** How the linears of the language model keep their weights. ViT, projector and embedding are never quantized. */
public enum LinearWeights {
    /** In the format that is computed in; the four bits of a checkpoint that is quantized stay four bits. */
    AS_STORED,
    /** Eight bits with a scale for each output. */
    INT8,
    /** Four bits with a scale and a zero for each 32 inputs of an output; the head has eight bits. */
    INT4
}
