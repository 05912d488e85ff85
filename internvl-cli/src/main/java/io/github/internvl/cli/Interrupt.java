package io.github.internvl.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A handler of Ctrl-C during a task that can be stopped; at any other time Ctrl-C ends the program as usual. The JDK's signal
 * class is accessed by reflection, since a runtime may lack its module; without it Ctrl-C is not handled.
 */
final class Interrupt {
    private Interrupt() {}

    /** Runs a task; if Ctrl-C is pressed meanwhile, runs {@code stop} on another thread. */
    static <T> T stopping(Runnable stop, Supplier<T> task) {
        Object usual = handle(stop);
        try {
            return task.get();
        } finally {
            if (usual != null) {
                handle(usual);
            }
        }
    }

    /** Sets the handler of Ctrl-C, a {@code Runnable} or an earlier handler; returns the previous one, or null if none can be set. */
    private static @Nullable Object handle(Object action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler runs = (proxy, method, args) -> {
                ((Runnable) action).run();
                return null;
            };
            Object next = handler.isInstance(action)
                    ? action
                    : Proxy.newProxyInstance(Interrupt.class.getClassLoader(), new Class<?>[] {handler}, runs);
            Object interrupt = signal.getConstructor(String.class).newInstance("INT");
            return signal.getMethod("handle", signal, handler).invoke(null, interrupt, next);
        } catch (ReflectiveOperationException e) {
            return null;
        }
    }
}
