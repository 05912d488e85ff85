package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InterruptTest {
    @Test
    void stopsATaskOnCtrlC() {
        CountDownLatch stopped = new CountDownLatch(1);
        boolean seen = Interrupt.stopping(stopped::countDown, () -> {
            pressCtrlC();
            return awaits(stopped);
        });
        assertThat(seen).isTrue();
    }

    @Test
    void givesBackWhatCtrlCDidBefore() {
        CountDownLatch outer = new CountDownLatch(1);
        boolean seen = Interrupt.stopping(outer::countDown, () -> {
            Interrupt.stopping(() -> {}, () -> "done");
            pressCtrlC();
            return awaits(outer);
        });
        assertThat(seen).isTrue();
    }

    static void pressCtrlC() {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Object interrupt = signal.getConstructor(String.class).newInstance("INT");
            signal.getMethod("raise", signal).invoke(null, interrupt);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    private static boolean awaits(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
