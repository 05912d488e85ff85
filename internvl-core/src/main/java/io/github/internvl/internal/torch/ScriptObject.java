package io.github.internvl.internal.torch;

import ai.djl.pytorch.jni.IValue;

/**
 * Something that a graph has made and takes again, opaque to Java: a table of tensors, a layer. Closing it lets go of it;
 * it lives on where a graph keeps it.
 */
public final class ScriptObject implements AutoCloseable {
    private final IValue value;

    ScriptObject(IValue value) {
        this.value = value;
    }

    IValue value() {
        return value;
    }

    @Override
    public void close() {
        value.close();
    }
}
