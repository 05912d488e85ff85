package io.github.internvl.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;

/** Measures figures, each so many times after warming up, and hands them on one by one. */
final class Stopwatch {
    private final int runs;
    private final int warmUps;
    private final Predicate<String> wanted;
    private final Map<String, Object> tags;
    private final Consumer<Figure> figures;

    /** @param tags what holds for all figures */
    Stopwatch(int runs, int warmUps, Predicate<String> wanted, Map<String, Object> tags, Consumer<Figure> figures) {
        this.runs = runs;
        this.warmUps = warmUps;
        this.wanted = wanted;
        this.tags = tags;
        this.figures = figures;
    }

    /** With tags that hold for the figures to come. */
    Stopwatch with(Map<String, Object> more) {
        Map<String, Object> all = new LinkedHashMap<>(tags);
        all.putAll(more);
        return new Stopwatch(runs, warmUps, wanted, all, figures);
    }

    /** Measures a figure, if it is wanted: {@code run} does the work once and returns the value. */
    void figure(String name, String unit, DoubleSupplier run) {
        figure(name, unit, 0, run);
    }

    /** The same of something that cannot be above a limit, of which the best run's share is told. */
    void figure(String name, String unit, double limit, DoubleSupplier run) {
        if (!wanted.test(name)) {
            return;
        }
        List<Double> values = new ArrayList<>();
        for (int i = -warmUps; i < runs; i++) {
            double value = run.getAsDouble();
            if (i >= 0) {
                values.add(value);
            }
        }
        Figure figure = new Figure(name, unit, values, tags);
        report(limit > 0 ? figure.with("share", figure.best() / limit) : figure);
    }

    /** A figure that was measured once, as it cannot be repeated in a process. */
    void once(String name, String unit, double value) {
        if (wanted.test(name)) {
            report(new Figure(name, unit, List.of(value), tags));
        }
    }

    private void report(Figure figure) {
        Map<String, Object> all = new LinkedHashMap<>(figure.tags());
        all.put("load1", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        peakMegabytes().ifPresent(peak -> all.put("peak_rss_mb", peak));
        figures.accept(new Figure(figure.name(), figure.unit(), figure.runs(), all));
    }

    /** Most memory that the process had resident, where the system tells. */
    private static Optional<Long> peakMegabytes() {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return Optional.empty();
        }
        try {
            return Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .map(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Seconds that {@code work} takes. */
    static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }
}
