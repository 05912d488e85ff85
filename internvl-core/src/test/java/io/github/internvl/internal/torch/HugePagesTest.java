package io.github.internvl.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class HugePagesTest {
    private static final long SIZE = 64L << 20;
    private static final int PAGE = 4096;

    @Test
    void memoryThatWasFilledSinceKeepsItsContentInLargePages() throws IOException {
        assumeTrue(isAllowed(), "the system has large pages and allows them");
        HugePages pages = HugePages.before();
        try (Memory filled = new Memory(SIZE)) {
            fill(filled, PAGE);
            assertThat(pages.enlarge()).isBetween(28, 64);
            for (long at = 0; at < SIZE; at += PAGE) {
                assertThat(filled.getLong(at)).isEqualTo(at);
            }
        }
    }

    @Test
    void memoryThatWasFullBeforeStaysAsItWas() throws IOException {
        try (Memory filled = new Memory(SIZE)) {
            fill(filled, PAGE);
            assertThat(HugePages.before().enlarge()).isLessThan(28);
        }
    }

    @Test
    void memoryWithHolesTakesNoMore() throws IOException {
        HugePages pages = HugePages.before();
        try (Memory sparse = new Memory(SIZE)) {
            fill(sparse, 2 * PAGE);
            assertThat(pages.enlarge()).isLessThan(28);
        }
    }

    private static void fill(Memory memory, int step) {
        for (long at = 0; at < SIZE; at += step) {
            memory.setLong(at, at);
        }
    }

    private static boolean isAllowed() throws IOException {
        Path setting = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
        return Files.exists(setting)
                && !Files.readString(setting).contains("[never]")
                && !System.getProperty("os.version").matches("[1-5]\\..*|6\\.0\\..*");
    }
}
