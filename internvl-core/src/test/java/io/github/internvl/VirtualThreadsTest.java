package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.fixtures.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

@EnabledForJreRange(min = JRE.JAVA_21)
@Timeout(120)
class VirtualThreadsTest {
    private static final int CALLERS = 200;

    @Test
    void letTwoHundredCallersWaitWithoutPinningACarrier(@TempDir Path folder) throws Exception {
        ExecutorService callers = (ExecutorService)
                Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        try (InternVL model = InternVL.builder(TinyCheckpoint.qwen())
                        .precision(Precision.FLOAT32)
                        .load();
                Recording recording = new Recording()) {
            ChatRequest request =
                    ChatRequest.builder().text("Why?").maxNewTokens(8).build();
            String expected = model.chat(request).text();
            recording.enable("jdk.VirtualThreadPinned").withThreshold(Duration.ZERO);
            recording.start();
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                answers.add(callers.submit(() -> model.chat(request).text()));
            }
            for (Future<String> answer : answers) {
                assertThat(answer.get()).isEqualTo(expected);
            }
            recording.stop();
            assertThat(events(recording, folder))
                    .contains("internvl.Request")
                    .doesNotContain("jdk.VirtualThreadPinned");
        } finally {
            callers.shutdownNow();
        }
    }

    private static List<String> events(Recording recording, Path folder) throws IOException {
        Path file = folder.resolve("pinned.jfr");
        recording.dump(file);
        return RecordingFile.readAllEvents(file).stream()
                .map(event -> event.getEventType().getName())
                .toList();
    }
}
