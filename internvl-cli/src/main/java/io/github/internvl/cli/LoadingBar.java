package io.github.internvl.cli;

import io.github.internvl.hub.ProgressListener;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/**
 * The progress of loading and downloading: a bar on one line of a terminal, and without a terminal a line now and then for a
 * download. A download shows its speed in the last ten seconds, and the time left. A task of less than half a second shows nothing.
 * Thread-safe.
 */
final class LoadingBar implements AutoCloseable {
    private static final int WIDTH = 30;
    private static final long SECOND = 1_000_000_000;
    private static final long WINDOW = 10 * SECOND;

    /** A pace of output: when it begins, and the pauses on a terminal and without one. */
    record Pace(Duration first, Duration redraw, Duration line) {
        static final Pace USUAL = new Pace(Duration.ofMillis(500), Duration.ofMillis(100), Duration.ofSeconds(10));
    }

    private record Mark(long nanos, long bytes) {}

    private final Terminal terminal;
    private final Pace pace;
    private final LongSupplier clock;
    private final long start;
    private final Deque<Mark> marks = new ArrayDeque<>();
    private long nextNanos;
    private String shown = "";

    LoadingBar(Terminal terminal) {
        this(terminal, Pace.USUAL, System::nanoTime);
    }

    LoadingBar(Terminal terminal, Pace pace, LongSupplier clock) {
        this.terminal = terminal;
        this.pace = pace;
        this.clock = clock;
        this.start = clock.getAsLong();
        this.nextNanos = pace.first().toNanos();
    }

    /** A listener for the bytes of a loaded model, which only a terminal shows. */
    ProgressListener loading() {
        return (bytes, totalBytes) -> {
            if (terminal.interactive()) {
                show("Loading", bytes, totalBytes, "");
            }
        };
    }

    /** A listener for the bytes of a download. */
    ProgressListener downloading() {
        return (bytes, totalBytes) -> show("Downloading", bytes, totalBytes, speed(bytes, totalBytes));
    }

    /** Speed and time left in words; empty before there is a second to measure. */
    private synchronized String speed(long bytes, long totalBytes) {
        long now = clock.getAsLong();
        if (marks.isEmpty() || now - marks.getLast().nanos() >= SECOND / 10) {
            marks.addLast(new Mark(now, bytes));
        }
        while (marks.size() > 1 && now - marks.getFirst().nanos() > WINDOW) {
            marks.removeFirst();
        }
        double seconds = (now - marks.getFirst().nanos()) / (double) SECOND;
        double perSecond = seconds < 1 ? 0 : (bytes - marks.getFirst().bytes()) / seconds;
        if (perSecond < 1) {
            return "";
        }
        long left = (long) Math.ceil((totalBytes - bytes) / perSecond);
        return ", " + Units.bytes((long) perSecond) + "/s" + (left > 0 ? ", " + Units.left(left) + " left" : "");
    }

    private synchronized void show(String action, long bytes, long totalBytes, String speed) {
        long elapsed = clock.getAsLong() - start;
        if (elapsed < nextNanos) {
            return;
        }
        nextNanos = elapsed + (terminal.interactive() ? pace.redraw() : pace.line()).toNanos();
        String numbers = Units.bytes(bytes) + " of " + Units.bytes(totalBytes) + speed;
        if (!terminal.interactive()) {
            terminal.err().println(action + " " + numbers);
            return;
        }
        int full = (int) (WIDTH * bytes / Math.max(1, totalBytes));
        draw(action + " [" + "#".repeat(full) + " ".repeat(WIDTH - full) + "] " + numbers);
    }

    /** Clears the bar. */
    @Override
    public synchronized void close() {
        if (!shown.isEmpty()) {
            draw("");
            terminal.err().print('\r');
            terminal.err().flush();
        }
    }

    private void draw(String line) {
        terminal.err().print('\r' + line + " ".repeat(Math.max(0, shown.length() - line.length())));
        terminal.err().flush();
        shown = line;
    }
}
