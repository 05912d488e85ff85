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

/** Runs measurements, each several times after warm-up runs, and reports one result for each. */
final class Benchmark {
    private final int runs;
    private final int warmUps;
    private final Predicate<String> wanted;
    private final Map<String, Object> tags;
    private final Consumer<BenchResult> results;

    /** @param tags conditions of all measurements */
    Benchmark(
            int runs, int warmUps, Predicate<String> wanted, Map<String, Object> tags, Consumer<BenchResult> results) {
        this.runs = runs;
        this.warmUps = warmUps;
        this.wanted = wanted;
        this.tags = tags;
        this.results = results;
    }

    /** A benchmark with more tags. */
    Benchmark with(Map<String, Object> more) {
        Map<String, Object> all = new LinkedHashMap<>(tags);
        all.putAll(more);
        return new Benchmark(runs, warmUps, wanted, all, results);
    }

    /** Measures a quantity if it is selected: {@code run} does the work once and returns the value. */
    void measure(String name, String unit, DoubleSupplier run) {
        measure(name, unit, 0, run);
    }

    /** Measures a quantity with a limit, 0 if it is unknown; the result has the share of it that the best run reaches. */
    void measure(String name, String unit, double limit, DoubleSupplier run) {
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
        BenchResult result = new BenchResult(name, unit, values, tags);
        double share = unit.endsWith("/s") ? result.best() / limit : limit / result.best();
        report(limit > 0 ? result.with("share", Units.rounded(share)) : result);
    }

    /** Reports a quantity that a process can measure only once. */
    void report(String name, String unit, double value) {
        if (wanted.test(name)) {
            report(new BenchResult(name, unit, List.of(value), tags));
        }
    }

    private void report(BenchResult result) {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        BenchResult loaded = result.with("load1", load);
        results.accept(
                peakMegabytes().map(peak -> loaded.with("peak_rss_mb", peak)).orElse(loaded));
    }

    /** The peak resident memory of the process; empty if the system does not report it. */
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

    /** The seconds that {@code work} takes. */
    static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }
}
