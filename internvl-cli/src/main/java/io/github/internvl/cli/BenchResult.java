package io.github.internvl.cli;

import com.google.gson.Gson;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * A result of {@code internvl bench}: one quantity, measured several times.
 *
 * @param name name of the quantity
 * @param unit unit of the values; for a unit that ends in {@code /s} a higher value is better, otherwise a lower one
 * @param runs the values in the order of the runs
 * @param tags conditions of the measurement
 */
record BenchResult(String name, String unit, List<Double> runs, Map<String, Object> tags) {
    BenchResult {
        runs = List.copyOf(runs);
        tags = new LinkedHashMap<>(tags);
    }

    /** The same result with one more tag. */
    BenchResult with(String tag, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(tags);
        more.put(tag, value);
        return new BenchResult(name, unit, runs, more);
    }

    double best() {
        DoubleStream values = runs.stream().mapToDouble(Double::doubleValue);
        return (unit.endsWith("/s") ? values.max() : values.min()).orElseThrow();
    }

    double median() {
        double[] sorted =
                runs.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** A line of JSON, with the field names that other engines' benchmarks use. */
    String json() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("figure", name);
        values.put("peer", "ours");
        values.put("best", Units.rounded(best()));
        values.put("median", Units.rounded(median()));
        values.put("unit", unit);
        values.put("runs", runs.stream().map(Units::rounded).toList());
        values.putAll(tags);
        return new Gson().toJson(values);
    }

    /** The head of a table of results. */
    static String head() {
        return String.format(
                Locale.ROOT,
                "%-26s %12s %12s  %-8s %4s  %s",
                "figure",
                "best",
                "median",
                "unit",
                "runs",
                "of the limit");
    }

    /** A line of the table. */
    String line() {
        Object share = tags.getOrDefault("share", "");
        return String.format(
                        Locale.ROOT,
                        "%-26s %12s %12s  %-8s %4d  %s",
                        name,
                        Units.number(best()),
                        Units.number(median()),
                        unit,
                        runs.size(),
                        share instanceof Double part ? Math.round(100 * part) + " %" : "")
                .stripTrailing();
    }
}
