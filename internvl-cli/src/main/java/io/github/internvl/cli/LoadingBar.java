package io.github.internvl.cli;

import io.github.internvl.hub.ProgressListener;
import java.time.Duration;

/** A progress bar for loading and downloading, on one line; a task of less than half a second shows none. */
final class LoadingBar implements AutoCloseable {
    private static final int WIDTH = 30;
    private static final Duration MOMENT = Duration.ofMillis(500);
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final Terminal terminal;
    private final Duration moment;
    private final long start = System.nanoTime();
    private long nextNanos;
    private String shown = "";

    LoadingBar(Terminal terminal) {
        this(terminal, MOMENT);
    }

    LoadingBar(Terminal terminal, Duration moment) {
        this.terminal = terminal;
        this.moment = moment;
        this.nextNanos = moment.toNanos();
    }

    /** A listener that shows progress under the name of an action. */
    ProgressListener listener(String action) {
        return (bytes, totalBytes) -> show(action, bytes, totalBytes);
    }

    private void show(String action, long bytes, long totalBytes) {
        long elapsed = System.nanoTime() - start;
        if (!terminal.interactive() || elapsed < nextNanos) {
            return;
        }
        nextNanos = elapsed + (moment.isZero() ? 0 : PAUSE.toNanos());
        int full = (int) (WIDTH * bytes / Math.max(1, totalBytes));
        show(action + " [" + "#".repeat(full) + " ".repeat(WIDTH - full) + "] " + Units.bytes(bytes) + " of "
                + Units.bytes(totalBytes));
    }

    /** Clears the line. */
    @Override
    public void close() {
        if (!shown.isEmpty()) {
            show("");
            terminal.err().print('\r');
            terminal.err().flush();
        }
    }

    private void show(String line) {
        terminal.err().print('\r' + line + " ".repeat(Math.max(0, shown.length() - line.length())));
        terminal.err().flush();
        shown = line;
    }
}
