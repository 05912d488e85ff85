package io.github.internvl.internal.torch;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A compiled graph: an object in libtorch whose methods are called by name.
 *
 * <p>Arguments may be {@link Tensor}, {@link ScriptObject}, {@code List<Tensor>} (not empty), {@code long[]}, {@code int[]}, {@code double[]}, {@code Integer},
 * {@code Long}, {@code Double}, {@code Boolean} and {@code String}; they must match the method's declaration in the graph
 * text. A failing call throws DJL's {@code EngineException} with the line of graph text. Methods that change the object
 * must be called by one thread at a time. Closing frees the graph with all weights bound to it.
 */
public final class ScriptModule implements AutoCloseable {
    private final NDManager owner;
    private final PtSymbolBlock block;

    private ScriptModule(NDManager owner, PtSymbolBlock block) {
        this.owner = owner;
        this.block = block;
    }

    /**
     * Compiles {@code graph.py}; its list attributes start empty.
     *
     * @param used the files that stand behind imported names; other names are those of their files
     */
    public static ScriptModule compile(String graph, Map<String, String> used) {
        return load(graph, archive(graph, used));
    }

    /** The archive that {@link #compile} hands to libtorch, for other programs. */
    public static byte[] archive(String graph, Map<String, String> used) {
        return ScriptArchive.pack(graph, used);
    }

    /** Compiles a graph from its archive. */
    public static ScriptModule load(String graph, byte[] archive) {
        NDManager owner = TorchRuntime.manager();
        try { // not through DJL's Model, which makes a folder for temporary files and keeps it until the process ends
            ByteArrayInputStream bytes = new ByteArrayInputStream(archive);
            return new ScriptModule(owner, JniUtils.loadModule((PtNDManager) owner, bytes, false, false));
        } catch (IOException e) {
            owner.close();
            throw new IllegalStateException("an archive in memory was not read: " + graph, e);
        } catch (RuntimeException | Error e) {
            owner.close();
            throw e;
        }
    }

    /** Calls a method that gives a tensor; the caller closes it. */
    public Tensor call(String method, Object... arguments) {
        return new Tensor(invoke(method, arguments));
    }

    /** Calls a method that gives something to hand in again; the caller closes it. */
    public ScriptObject make(String method, Object... arguments) {
        return new ScriptObject(invoke(method, arguments));
    }

    /** Calls a method that gives nothing. */
    public void run(String method, Object... arguments) {
        invoke(method, arguments).close();
    }

    private IValue invoke(String method, Object[] arguments) {
        List<IValue> made = new ArrayList<>();
        try {
            IValue[] values = Arrays.stream(arguments).map(a -> value(a, made)).toArray(IValue[]::new);
            return IValueUtils.runMethod(block, method, values);
        } finally {
            made.forEach(IValue::close);
        }
    }

    private static IValue value(Object argument, List<IValue> made) {
        if (argument instanceof Tensor tensor) {
            return tensor.value(); // its owner closes it
        }
        if (argument instanceof ScriptObject object) {
            return object.value(); // likewise
        }
        IValue value;
        if (argument instanceof long[] longs) {
            value = IValue.listFrom(longs);
        } else if (argument instanceof double[] doubles) {
            value = IValue.listFrom(doubles);
        } else if (argument instanceof int[] ints) {
            value = IValue.listFrom(Arrays.stream(ints).asLongStream().toArray());
        } else if (argument instanceof Number number) {
            value = number instanceof Double ? IValue.from(number.doubleValue()) : IValue.from(number.longValue());
        } else if (argument instanceof Boolean flag) {
            value = IValue.from(flag);
        } else if (argument instanceof String text) {
            value = IValue.from(text);
        } else if (argument instanceof List<?> list) {
            value = IValue.listFrom(list.stream().map(t -> ((Tensor) t).value()).toArray(IValue[]::new));
        } else {
            throw new IllegalArgumentException("graphs take no " + argument.getClass());
        }
        made.add(value);
        return value;
    }

    @Override
    public void close() {
        owner.close();
    }
}
