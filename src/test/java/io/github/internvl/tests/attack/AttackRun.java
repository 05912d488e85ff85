package io.github.internvl.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * All attacks on servers that it starts on the loopback address, one after another; it takes some twenty minutes and a
 * gigabyte of heap, and runs only when named:
 *
 * <pre>
 * mvn -pl src/test -am -Dtest=AttackRun -Dsurefire.failIfNoSpecifiedTests=false test
 * </pre>
 *
 * With {@code internvl.attack.groups} (all), such as {@code grammar,memory}; {@code internvl.attack.name}, a part of the names
 * of the attacks that are wanted; and {@code internvl.attack.tokenizer}, a folder with the tokenizer of Qwen 2.5, for a model
 * with that vocabulary in place of the demo model. A line comes for each attack and a table at the end; it fails if one
 * does not hold.
 */
class AttackRun {
    @Test
    void holdsAgainstAllOfThem(@TempDir Path folder) throws Exception {
        List<String> groups =
                Arrays.asList(System.getProperty("internvl.attack.groups", "").split(","));
        String part = System.getProperty("internvl.attack.name", "");
        try (Campaign campaign = new Campaign(WideVocabulary.modelOrDemo(folder))) {
            for (Attack attack : Campaign.catalogue(folder)) {
                boolean wanted = groups.contains("") || groups.contains(attack.group());
                if (wanted && attack.name().contains(part)) {
                    System.out.print(Campaign.line(campaign.run(attack)));
                }
            }
            System.out.println(campaign.report());
            assertThat(campaign.failed()).as("attacks that did not hold").isEmpty();
        }
    }
}
