package io.github.internvl.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.demo.DemoModel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The attacks that take little time and memory; {@link AttackRun} has all. */
@Timeout(900)
class AttackTest {
    @Test
    void holdsAgainstTheShortOnes(@TempDir Path folder) throws Exception {
        try (Campaign campaign = new Campaign(DemoModel.path())) {
            for (Attack attack : Campaign.catalogue(folder)) {
                if (!attack.heavy()) {
                    campaign.run(attack);
                }
            }
            assertThat(campaign.failed()).as(campaign.report()).isEmpty();
        }
    }
}
