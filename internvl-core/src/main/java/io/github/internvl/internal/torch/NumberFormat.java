package io.github.internvl.internal.torch;

/** A number format of tensors: its name in safetensors files, its size, and PyTorch's code for it. */
public enum NumberFormat {
    FLOAT32("F32", 4, 6),
    BFLOAT16("BF16", 2, 15),
    FLOAT16("F16", 2, 5),
    FLOAT64("F64", 8, 7),
    INT32("I32", 4, 3),
    INT64("I64", 8, 4),
    UINT8("U8", 1, 0);

    private final String safetensorsName;
    private final int bytes;
    private final int code;

    NumberFormat(String safetensorsName, int bytes, int code) {
        this.safetensorsName = safetensorsName;
        this.bytes = bytes;
        this.code = code;
    }

    /** The name in a safetensors header, such as {@code BF16}. */
    public String safetensorsName() {
        return safetensorsName;
    }

    /** Bytes of one number. */
    public int bytes() {
        return bytes;
    }

    /** PyTorch's {@code ScalarType} code, as graphs take it. */
    public int code() {
        return code;
    }

    /** Whether weights can be stored in this format. */
    public boolean isFloat() {
        return this == FLOAT32 || this == BFLOAT16 || this == FLOAT16 || this == FLOAT64;
    }
}
