package io.github.internvl.cli;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonSyntaxException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Measurements of this program and of another one in turn. The memory of a shared machine changes its speed within minutes, so
 * only the ratio of two neighbouring runs says something, and only the ratios of several pairs together say how much.
 */
final class Comparison {
    private final String command;
    private final Map<String, List<BenchResult>> own = new LinkedHashMap<>();
    private final Map<String, List<Double>> other = new LinkedHashMap<>();

    /**
     * @param command a command line of the system's shell that prints results as {@code bench --json} does: one JSON object a
     *     line, with {@code figure} and {@code best}; other lines are ignored
     */
    Comparison(String command) {
        this.command = command;
    }

    /** Takes a result of this program. */
    void own(BenchResult result) {
        own.computeIfAbsent(result.name(), name -> new ArrayList<>()).add(result);
    }

    /**
     * Runs the other program once and takes its results.
     *
     * @throws IOException if it cannot be started or fails, or prints no result
     */
    void other() throws IOException {
        boolean windows = System.getProperty("os.name").startsWith("Windows");
        Process process = new ProcessBuilder(windows ? List.of("cmd", "/c", command) : List.of("sh", "-c", command))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        process.getOutputStream().close();
        int results = 0;
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                results += take(line) ? 1 : 0;
            }
            int code = process.waitFor();
            if (code != 0 || results == 0) {
                throw new IOException(
                        "the command of --compare must print results as `internvl bench --json` does and exit "
                                + "with 0: it printed " + results + " and exited with " + code + ": " + command);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the command of --compare ran: " + command, e);
        } finally {
            process.destroy();
        }
    }

    private boolean take(String line) {
        if (!line.startsWith("{")) {
            return false;
        }
        try {
            JsonObject result = JsonParser.parseString(line).getAsJsonObject();
            if (!result.has("figure") || !result.has("best")) {
                return false;
            }
            other.computeIfAbsent(result.get("figure").getAsString(), name -> new ArrayList<>())
                    .add(result.get("best").getAsDouble());
            return true;
        } catch (JsonSyntaxException e) { // a line of another kind
            return false;
        }
    }

    /**
     * Prints a line for each result that both programs have: the medians, the median of the pairs' ratios, and the least and
     * the most of them. A ratio says how many times as fast this program was.
     */
    void print(boolean json, Consumer<String> lines) {
        if (!json) {
            lines.accept(String.format(
                    Locale.ROOT,
                    "%-26s %12s %12s  %-8s %8s  %-15s %5s",
                    "figure",
                    "ours",
                    "theirs",
                    "unit",
                    "as fast",
                    "of all pairs",
                    "pairs"));
        }
        own.forEach((name, results) -> {
            List<Double> theirs = other.getOrDefault(name, List.of());
            if (theirs.size() == results.size()) {
                lines.accept(line(json, name, results, theirs));
            }
        });
    }

    private static String line(boolean json, String name, List<BenchResult> results, List<Double> theirs) {
        String unit = results.get(0).unit();
        List<Double> ours = results.stream().map(BenchResult::best).toList();
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < ours.size(); i++) {
            ratios.add(unit.endsWith("/s") ? ours.get(i) / theirs.get(i) : theirs.get(i) / ours.get(i));
        }
        Map<String, Object> tags = results.get(0).tags();
        BenchResult own = new BenchResult(name, unit, ours, tags);
        BenchResult other = new BenchResult(name, unit, theirs, tags);
        BenchResult ratio = new BenchResult("ratio", "times/s", ratios, Map.of());
        double least = ratios.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
        if (json) {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("figure", name);
            values.put("ratio", Units.rounded(ratio.median()));
            values.put("ratios", ratios.stream().map(Units::rounded).toList());
            values.put("ours", ours.stream().map(Units::rounded).toList());
            values.put("theirs", theirs.stream().map(Units::rounded).toList());
            values.put("unit", unit);
            values.putAll(tags);
            return new Gson().toJson(values);
        }
        return String.format(
                Locale.ROOT,
                "%-26s %12s %12s  %-8s %8.2f  %-15s %5d",
                name,
                Units.number(own.median()),
                Units.number(other.median()),
                unit,
                ratio.median(),
                String.format(Locale.ROOT, "%.2f … %.2f", least, ratio.best()),
                ratios.size());
    }
}
