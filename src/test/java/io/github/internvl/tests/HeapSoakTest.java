package io.github.internvl.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.demo.DemoModel;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs {@link HeapSoak} in a JVM of its own, for {@code internvl.heapSoak.seconds}, and only when these are named: native code of
 * DJL and of the tokenizers may end a JVM whose heap is full at the moment when it makes a Java object.
 */
@EnabledIfSystemProperty(named = "internvl.heapSoak.seconds", matches = "\\d+")
class HeapSoakTest {
    private static final int SECONDS = Integer.getInteger("internvl.heapSoak.seconds", 8);

    @Test
    @Timeout(3600)
    void servesOnAfterTheHeapWasFullAndLeavesNobodyWaiting(@TempDir Path folder) throws Exception {
        File log = folder.resolve("soak.log").toFile();
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        HeapSoak.class.getName(),
                        DemoModel.path().toString(),
                        String.valueOf(SECONDS)))
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        try {
            assertThat(process.waitFor(SECONDS + 180L, TimeUnit.SECONDS))
                    .as(() -> read(log.toPath()))
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(read(log.toPath())).contains("heap filled").contains("SERVES ON");
    }

    private static String read(Path log) {
        try {
            return Files.readString(log, StandardCharsets.UTF_8);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
