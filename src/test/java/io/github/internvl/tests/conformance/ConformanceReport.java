package io.github.internvl.tests.conformance;

import io.github.internvl.fixtures.Checkout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.TestReporter;

/**
 * The cases that the conformance tests of one subject have checked and left out, by variant and kind. Each subject has
 * a file in {@code src/test/target/conformance}, as test classes run in more than one process.
 */
final class ConformanceReport {
    private static final Path FOLDER = Checkout.ROOT.resolve("src/test/target/conformance");
    private static final int KIND_WIDTH = 36;
    private static final int LEAST_COLUMN = 9;

    private static final class Count {
        private int checked;
        private double sum;
        private double largest = Double.NaN;
    }

    private final String subject;
    private final Map<String, Map<String, Count>> kinds = new LinkedHashMap<>();
    private final Map<String, Set<String>> skipped = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    ConformanceReport(String subject) {
        this.subject = subject;
    }

    /** Counts something that agreed. */
    void checked(String variant, String kind) {
        count(variant, kind).checked++;
    }

    /** Counts something that agreed up to a difference. */
    void checked(String variant, String kind, double difference) {
        Count count = count(variant, kind);
        count.checked++;
        count.sum += difference;
        count.largest = Double.isNaN(count.largest) ? difference : Math.max(count.largest, difference);
    }

    private Count count(String variant, String kind) {
        return kinds.computeIfAbsent(kind, k -> new TreeMap<>()).computeIfAbsent(variant, v -> new Count());
    }

    /** Lists something that was left out. */
    void skipped(String what, String reason) {
        skipped.computeIfAbsent(reason, r -> new TreeSet<>()).add(what);
    }

    /** Adds a line. */
    void note(String line) {
        notes.add(line);
    }

    /** The mean of the differences of a kind over all variants of some goldens; 0 if there are none. */
    double mean(Goldens goldens, String kind) {
        return mean(counts(goldens.name(), kind));
    }

    private static double mean(List<Count> counts) {
        int checked = counts.stream().mapToInt(count -> count.checked).sum();
        return counts.stream().mapToDouble(count -> count.sum).sum() / Math.max(checked, 1);
    }

    private List<Count> counts(String goldens, String kind) {
        return kinds.getOrDefault(kind, Map.of()).entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(goldens + "/"))
                .map(Map.Entry::getValue)
                .toList();
    }

    /** Writes the subject's file, and the counts to the test's report. */
    void publish(TestReporter reporter) {
        for (String variant : variants("")) {
            Map<String, Integer> counts = new LinkedHashMap<>();
            kinds.forEach((kind, row) -> {
                if (row.containsKey(variant)) {
                    counts.put(kind, row.get(variant).checked);
                }
            });
            reporter.publishEntry(subject + ", " + variant, counts.toString());
        }
        skipped.forEach((reason, what) -> reporter.publishEntry("skipped, " + reason, what.toString()));
        try {
            Files.writeString(Files.createDirectories(FOLDER).resolve(subject.replace(' ', '-') + ".txt"), text());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Set<String> variants(String prefix) {
        return kinds.values().stream()
                .flatMap(row -> row.keySet().stream())
                .filter(variant -> variant.startsWith(prefix))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        Set<String> goldens = variants("").stream()
                .map(variant -> variant.substring(0, variant.indexOf('/')))
                .collect(Collectors.toCollection(TreeSet::new));
        goldens.forEach(name -> table(name, text));
        notes.forEach(note -> text.append(subject).append(": ").append(note).append('\n'));
        skipped.forEach((reason, what) -> text.append(
                String.format("%s, %d skipped, %s: %s%n", subject, what.size(), reason, String.join(", ", what))));
        return text.append(notes.isEmpty() && skipped.isEmpty() ? "" : "\n").toString();
    }

    /** A row for each kind, a column for each variant. */
    private void table(String goldens, StringBuilder text) {
        Set<String> variants = variants(goldens + "/");
        text.append(padded(subject + ", " + goldens, -KIND_WIDTH));
        for (String variant : variants) {
            text.append(padded(variant.substring(goldens.length() + 1), width(variant, goldens)));
        }
        text.append("    largest difference, mean\n");
        kinds.forEach((kind, row) -> {
            List<Count> counts = counts(goldens, kind);
            if (!counts.isEmpty()) {
                text.append(padded(kind, -KIND_WIDTH));
                for (String variant : variants) {
                    Count count = row.get(variant);
                    text.append(padded(count == null ? "" : "" + count.checked, width(variant, goldens)));
                }
                text.append(differences(counts)).append('\n');
            }
        });
        text.append('\n');
    }

    private static String differences(List<Count> counts) {
        double largest = counts.stream().mapToDouble(c -> c.largest).max().orElse(Double.NaN);
        return Double.isNaN(largest) ? "" : String.format(Locale.ROOT, "%15.1e, %.1e", largest, mean(counts));
    }

    private static int width(String variant, String goldens) {
        return Math.max(LEAST_COLUMN, variant.length() - goldens.length() + 1);
    }

    private static String padded(String text, int width) {
        return String.format("%" + width + "s", text);
    }
}
