package io.github.internvl.tests.conformance;

import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicNode;

/**
 * Runs the cases of all variants, one test each. The subject of the tests is loaded once for a variant, and closed when
 * the next one comes.
 *
 * @param <T> what is loaded
 */
final class Conformance<T extends AutoCloseable> implements AutoCloseable {
    static final double PIXELS = 1e-6;
    static final double VISION = 1e-4;
    static final double LOGITS = 1e-3;

    private final ConformanceReport report;
    private final Function<GoldenVariant, T> loader;
    private String variantName = "";
    private @Nullable T loaded;

    Conformance(ConformanceReport report, Function<GoldenVariant, T> loader) {
        this.report = report;
        this.loader = loader;
    }

    /** A test of one case. */
    interface Check<T> {
        void of(GoldenCase golden, T loaded);
    }

    /** A container for each variant that can be loaded. */
    Stream<DynamicNode> variants(Function<GoldenVariant, Stream<DynamicNode>> tests) {
        return Goldens.all().stream()
                .flatMap(goldens -> goldens.variants().stream())
                .filter(GoldenVariant::isCheckpoint)
                .map(variant -> dynamicContainer(variant.name(), tests.apply(variant)));
    }

    /** A skipped test for each case whose settings are not offered. */
    Stream<DynamicNode> later() {
        return Goldens.all().stream()
                .flatMap(goldens -> goldens.variants().stream())
                .filter(GoldenVariant::isCheckpoint)
                .flatMap(variant -> variant.cases().stream())
                .flatMap(golden -> golden.later().stream().map(reason -> skipped(golden.toString(), reason)));
    }

    /** A container for each variant, with a test for each of its cases that is wanted. */
    Stream<DynamicNode> cases(Predicate<GoldenCase> wanted, Check<T> check) {
        return variants(variant -> cases(variant, wanted, check));
    }

    /** A test for each case of a variant that is wanted. */
    Stream<DynamicNode> cases(GoldenVariant variant, Predicate<GoldenCase> wanted, Check<T> check) {
        List<GoldenCase> cases = variant.cases().stream().filter(wanted).toList();
        return cases.stream().map(golden -> dynamicTest(golden.name(), () -> check.of(golden, load(variant))));
    }

    /** A test that is left out, and why. */
    DynamicNode skipped(String what, String reason) {
        return dynamicTest(what, () -> {
            report.skipped(what, reason);
            Assumptions.abort(reason);
        });
    }

    /** The subject of a variant's tests. */
    T load(GoldenVariant variant) {
        T found = loaded;
        if (found == null || !variant.name().equals(variantName)) {
            close();
            variantName = variant.name();
            found = loader.apply(variant);
            loaded = found;
        }
        return found;
    }

    @Override
    public void close() {
        T last = loaded;
        loaded = null;
        if (last != null) {
            try {
                last.close();
            } catch (Exception e) {
                throw new IllegalStateException(variantName + " does not close", e);
            }
        }
    }
}
