package io.github.internvl.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The results of {@code internvl bench} as one HTML file with charts, which loads nothing. Results of one kind and unit share a
 * chart and its scale: a bar ends at the median, a dot stands for a run, and longer is better where the unit ends in {@code /s}.
 */
final class BenchReport {
    private static final int LEFT = 210;
    private static final int WIDTH = 420;
    private static final int ROW = 30;

    private static final String HEAD = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>TITLE</title>
            <style>
            :root { color-scheme: light dark; --text: #1b1e26; --back: #fff; --bar: #3657d6; --dot: #c2410c; --line: #dcdfe7; }
            @media (prefers-color-scheme: dark) {
              :root { --text: #e8eaf0; --back: #14161b; --bar: #6d86f0; --dot: #fdba74; --line: #333947; }
            }
            body { max-width: 760px; margin: 24px auto; padding: 0 16px; background: var(--back); color: var(--text);
              font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
            svg { display: block; max-width: 100%; height: auto; }
            svg text { fill: var(--text); font-size: 13px; }
            .bar { fill: var(--bar); }
            .run { fill: var(--dot); stroke: var(--back); }
            table { border-collapse: collapse; }
            th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); text-align: left; }
            td.number { text-align: right; font-variant-numeric: tabular-nums; }
            </style>
            </head>
            <body>
            <h1>TITLE</h1>
            """;

    private final List<BenchResult> results = new ArrayList<>();

    /** Takes a result. */
    void add(BenchResult result) {
        results.add(result);
    }

    /** Writes the report, replacing an earlier one. */
    void write(Path file) throws IOException {
        Files.writeString(file, html(LocalDate.now(ZoneId.systemDefault())));
    }

    /** The report of a day. */
    String html(LocalDate day) {
        Set<String> models = new LinkedHashSet<>();
        results.forEach(result -> {
            if (result.tags().containsKey("model")) {
                models.add(String.valueOf(result.tags().get("model")));
            }
        });
        String title = "internvl bench" + (models.isEmpty() ? "" : ": " + String.join(", ", models));
        StringBuilder page = new StringBuilder(HEAD.replace("TITLE", escaped(title)));
        page.append("<p>").append(escaped(conditions(day))).append("</p>\n");
        Map<String, List<BenchResult>> perKind = new LinkedHashMap<>();
        results.forEach(result ->
                perKind.computeIfAbsent(kind(result), kind -> new ArrayList<>()).add(result));
        perKind.forEach((kind, some) -> page.append(chart(kind, some)));
        return page.append(table()).append("</body>\n</html>\n").toString();
    }

    /** The first word of a result's name, such as prefill, and its unit. */
    private static String kind(BenchResult result) {
        return result.name().replaceFirst("[_ ].*", "") + ", " + result.unit();
    }

    private String conditions(LocalDate day) {
        Map<String, Object> tags = new LinkedHashMap<>();
        results.forEach(result -> tags.putAll(result.tags()));
        List<String> words = new ArrayList<>();
        for (String name : List.of("dtype", "device", "threads", "slots")) {
            if (tags.containsKey(name)) {
                words.add(name + " " + tags.get(name));
            }
        }
        words.add("Java " + System.getProperty("java.version"));
        words.add(System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        words.add(day.toString());
        return String.join(" · ", words);
    }

    private static String chart(String kind, List<BenchResult> some) {
        double most = some.stream()
                .flatMap(result -> result.runs().stream())
                .mapToDouble(Double::doubleValue)
                .max()
                .orElseThrow();
        StringBuilder chart = new StringBuilder("<h2>" + escaped(kind) + "</h2>\n<p>"
                + (kind.endsWith("/s") ? "longer is better" : "shorter is better") + "</p>\n"
                + "<svg role=\"img\" aria-label=\"" + escaped(kind) + "\" viewBox=\"0 0 " + (LEFT + WIDTH + 90) + " "
                + some.size() * ROW + "\">\n");
        for (int i = 0; i < some.size(); i++) {
            chart.append(row(some.get(i), i * ROW, most));
        }
        return chart.append("</svg>\n").toString();
    }

    private static String row(BenchResult result, int top, double most) {
        StringBuilder row = new StringBuilder();
        row.append(String.format(
                Locale.ROOT,
                "<text x=\"0\" y=\"%d\">%s</text><rect class=\"bar\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"16\" rx=\"3\"/>"
                        + "<text x=\"%.1f\" y=\"%d\">%s</text>",
                top + 18,
                escaped(result.name()),
                LEFT,
                top + 5,
                length(result.median(), most),
                LEFT
                        + length(
                                result.runs().stream()
                                        .mapToDouble(Double::doubleValue)
                                        .max()
                                        .orElseThrow(),
                                most)
                        + 10,
                top + 18,
                Units.number(result.median())));
        for (double run : result.runs()) {
            row.append(String.format(
                    Locale.ROOT,
                    "<circle class=\"run\" cx=\"%.1f\" cy=\"%d\" r=\"3\"/>",
                    LEFT + length(run, most),
                    top + 13));
        }
        return row.append('\n').toString();
    }

    private static double length(double value, double most) {
        return most > 0 ? WIDTH * value / most : 0;
    }

    private String table() {
        StringBuilder table = new StringBuilder("<h2>All results</h2>\n<table>\n<tr><th>figure</th><th>best</th>"
                + "<th>median</th><th>unit</th><th>runs</th><th>of the limit</th></tr>\n");
        for (BenchResult result : results) {
            Object share = result.tags().getOrDefault("share", "");
            table.append(String.format(
                    Locale.ROOT,
                    "<tr><td>%s</td><td class=\"number\">%s</td><td class=\"number\">%s</td><td>%s</td>"
                            + "<td class=\"number\">%d</td><td class=\"number\">%s</td></tr>%n",
                    escaped(result.name()),
                    Units.number(result.best()),
                    Units.number(result.median()),
                    escaped(result.unit()),
                    result.runs().size(),
                    share instanceof Double part ? Math.round(100 * part) + " %" : ""));
        }
        return table.append("</table>\n").toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
