package io.github.internvl.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.demo.DemoModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Some hundred of the requests that {@link RequestFuzz} makes, always the same. */
@Timeout(900)
class RequestFuzzTest {
    private static final int REQUESTS = 300;

    @Test
    void answersOrRefusesEachRequest() throws Exception {
        try (Fuzzer fuzzer = new Fuzzer(DemoModel.path())) {
            for (int seed = 0; seed < REQUESTS; seed++) {
                fuzzer.run(seed);
            }
            assertThat(fuzzer.failures()).isEmpty();
            assertThat(fuzzer.counts().keySet()).as("kinds of answers").contains("200", "200 streamed", "400");
        }
    }

    @Test
    void makesTheSameRequestFromASeed() {
        assertThat(new RequestGrammar(5).next().text())
                .isEqualTo(new RequestGrammar(5).next().text())
                .isNotEqualTo(new RequestGrammar(6).next().text());
    }
}
