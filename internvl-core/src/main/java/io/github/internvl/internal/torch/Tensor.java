package io.github.internvl.internal.torch;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A tensor in native memory, opaque to Java: it goes from one graph call to the next, on whatever device and in whatever
 * number format it has. Graphs do not keep tensors that were made in Java beyond the call. Only float32 and int64 tensors
 * on the CPU can be read ({@link #floats}, {@link #longs}).
 *
 * <p>Its maker closes it; closing twice is harmless. Not thread-safe.
 */
public final class Tensor implements AutoCloseable {
    private final IValue value;
    private final @Nullable ByteBuffer memory; // what the native tensor reads from, where Java owns it
    private boolean closed;

    Tensor(IValue value) {
        this(value, null);
    }

    private Tensor(IValue value, @Nullable ByteBuffer memory) {
        this.value = value;
        this.memory = memory;
    }

    /** A tensor [values.length] int64. */
    public static Tensor of(int... values) {
        ByteBuffer memory =
                ByteBuffer.allocateDirect(values.length * Long.BYTES).order(ByteOrder.nativeOrder());
        for (int value : values) {
            memory.putLong(value);
        }
        return of(memory.flip(), DataType.INT64, values.length);
    }

    /** A tensor of float32 numbers. */
    public static Tensor of(float[] values, long... shape) {
        ByteBuffer memory =
                ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
        memory.asFloatBuffer().put(values);
        return of(memory, DataType.FLOAT32, shape);
    }

    /** A tensor of uint8 numbers over a direct buffer: not copied, so the buffer must not change while this is open. */
    public static Tensor of(ByteBuffer bytes, long... shape) {
        return of(bytes, DataType.UINT8, shape);
    }

    private static Tensor of(ByteBuffer memory, DataType type, long... shape) {
        try (NDManager manager = TorchRuntime.manager()) {
            return new Tensor(IValue.from((PtNDArray) manager.create(memory, new Shape(shape), type)), memory);
        }
    }

    IValue value() {
        if (closed) {
            throw new IllegalStateException("tensor is closed: " + (memory == null ? "a result" : "made in Java"));
        }
        return value;
    }

    /** The sizes of all dimensions. */
    public long[] shape() {
        try (PtNDManager manager = (PtNDManager) TorchRuntime.manager()) {
            return value().toTensor(manager).getShape().getShape();
        }
    }

    /** The numbers of a float32 tensor on the CPU, row by row. */
    public float[] floats() {
        try (PtNDManager manager = (PtNDManager) TorchRuntime.manager()) {
            FloatBuffer buffer = memory(manager).asFloatBuffer();
            float[] floats = new float[buffer.remaining()];
            buffer.get(floats);
            return floats;
        }
    }

    /** The numbers of an int64 tensor on the CPU, row by row. */
    public long[] longs() {
        try (PtNDManager manager = (PtNDManager) TorchRuntime.manager()) {
            LongBuffer buffer = memory(manager).asLongBuffer();
            long[] longs = new long[buffer.remaining()];
            buffer.get(longs);
            return longs;
        }
    }

    /**
     * The native memory itself, valid while {@code manager} is open. DJL's other way copies it into an array that native code
     * makes, and ends the JVM where the heap has no room for that.
     */
    private ByteBuffer memory(PtNDManager manager) {
        return value().toTensor(manager).toByteBuffer(true).order(ByteOrder.nativeOrder());
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            value.close();
        }
    }
}
