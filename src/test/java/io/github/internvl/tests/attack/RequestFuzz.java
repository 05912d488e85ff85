package io.github.internvl.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Any number of random requests, each held to the property of {@link Fuzzer}; it runs only when named:
 *
 * <pre>
 * mvn -pl src/test -am -Dtest=RequestFuzz -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.fuzz=12000 \
 *     -Dinternvl.fuzz.seed=7000000 test
 * </pre>
 *
 * With {@code internvl.fuzz} (10,000), the number of requests; {@code internvl.fuzz.seed} (1,000,000), the seed of the first, of
 * which the others follow; and {@code internvl.attack.tokenizer} as {@link AttackRun}. It ends after twenty failures. The counts
 * of statuses come at the end; a request that fails is told with its seed, made as small as it goes on failing.
 */
class RequestFuzz {
    private static final int MOST_FAILURES = 20;

    @Test
    void answersOrRefusesEachRequest(@TempDir Path folder) throws Exception {
        long first = Long.getLong("internvl.fuzz.seed", 1_000_000);
        long last = first + Integer.getInteger("internvl.fuzz", 10_000);
        try (Fuzzer fuzzer = new Fuzzer(WideVocabulary.modelOrDemo(folder))) {
            long seed = first;
            while (seed < last && fuzzer.failures().size() < MOST_FAILURES) {
                fuzzer.run(seed++);
            }
            System.out.printf(
                    Locale.ROOT, "%d requests: %s, slowest %.1f s%n", seed - first, fuzzer.counts(), fuzzer.slowest());
            fuzzer.failures().forEach(System.out::println);
            assertThat(fuzzer.failures()).isEmpty();
        }
    }
}
