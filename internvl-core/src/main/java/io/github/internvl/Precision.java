package io.github.internvl;

/** The number format that a model computes in. */
public enum Precision {
    /** 32-bit floats: the reference's answers to the last token; twice the memory of the other two. */
    FLOAT32,
    /** 16-bit brain floats: the format of the published checkpoints. */
    BFLOAT16,
    /** 16-bit IEEE floats: for GPUs without brain floats; slow on CPUs. */
    FLOAT16
}
