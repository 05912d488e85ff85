package io.github.internvl.cli;

import com.google.gson.Gson;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * A figure of {@code internvl bench}: the same thing measured several times.
 *
 * @param name what was measured
 * @param unit of the values; with {@code /s} at its end more is better, otherwise less
 * @param runs the values in the order of the runs
 * @param tags what else a reader has to know
 */
record Figure(String name, String unit, List<Double> runs, Map<String, Object> tags) {
    Figure {
        runs = List.copyOf(runs);
        tags = new LinkedHashMap<>(tags);
    }

    /** With one more tag; a share to four digits. */
    Figure with(String tag, double value) {
        Map<String, Object> more = new LinkedHashMap<>(tags);
        more.put(tag, rounded(value));
        return new Figure(name, unit, runs, more);
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

    /** A line of JSON, with the members that other engines' benchmarks use. */
    String json() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("figure", name);
        values.put("peer", "ours");
        values.put("best", rounded(best()));
        values.put("median", rounded(median()));
        values.put("unit", unit);
        values.put("runs", runs.stream().map(Figure::rounded).toList());
        values.putAll(tags);
        return new Gson().toJson(values);
    }

    /** A line of a table. */
    String line() {
        Object share = tags.getOrDefault("share", "");
        return String.format(
                        Locale.ROOT,
                        "%-26s %12s %12s  %-8s %4d  %s",
                        name,
                        shown(best()),
                        shown(median()),
                        unit,
                        runs.size(),
                        share instanceof Double part ? Math.round(100 * part) + " %" : "")
                .stripTrailing();
    }

    /** Four significant digits: more are noise. */
    private static double rounded(double value) {
        return Double.parseDouble(String.format(Locale.ROOT, "%.4g", value));
    }

    private static String shown(double value) {
        return value >= 10_000
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.3f", value);
    }
}
