package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Flight Recorder's events of a model that was loaded, asked four times, and closed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecorderTest {
    private static final String SECRET = "Zanzibar";
    private Map<String, List<RecordedEvent>> events = Map.of();
    private int tokensPerTile;
    private ChatResponse seen;
    private ChatResponse several;

    @BeforeAll
    void record(@TempDir Path folder) throws IOException {
        Image picture = Image.open(TinyCheckpoint.picture("river.png"));
        ChatRequest.Builder request = ChatRequest.builder()
                .text("<image>\nIs it " + SECRET + "?", picture)
                .maxNewTokens(6);
        try (Recording recording = new Recording()) {
            recording.start();
            try (InternVL model = InternVL.builder(TinyCheckpoint.qwen())
                    .precision(Precision.FLOAT32)
                    .load()) {
                tokensPerTile = model.info().tokensPerTile();
                seen = model.chat(request.build());
                several = model.chat(ChatRequest.builder()
                        .text("Why?")
                        .generation(GenerationConfig.builder()
                                .answers(2)
                                .temperature(1)
                                .maxNewTokens(3)
                                .build())
                        .build());
                assertThatThrownBy(() -> model.chat("<image> " + SECRET)).isInstanceOf(InvalidRequestException.class);
                ChatRequest broken = request.generation(GenerationConfig.builder()
                                .processors((generated, logits) -> {
                                    throw new IllegalStateException(SECRET);
                                })
                                .build())
                        .build();
                assertThatThrownBy(() -> model.chat(broken)).isInstanceOf(InternVLException.class);
            }
            recording.stop();
            Path file = folder.resolve("recording.jfr");
            recording.dump(file);
            events = RecordingFile.readAllEvents(file).stream()
                    .filter(event -> event.getEventType().getName().startsWith("internvl."))
                    .collect(Collectors.groupingBy(event -> event.getEventType().getName()));
        }
    }

    private List<RecordedEvent> events(String name) {
        return events.getOrDefault(name, List.of());
    }

    private int sum(String name, String field) {
        return events(name).stream().mapToInt(event -> event.getInt(field)).sum();
    }

    @Test
    void tellsOfLoading() {
        RecordedEvent load = events("internvl.Load").get(0);
        assertThat(load.getString("model")).isEqualTo("model");
        assertThat(load.getString("precision")).isEqualTo("float32");
        assertThat(load.getString("device")).isEqualTo("cpu");
        assertThat(load.getLong("bytes")).isPositive();
        assertThat(load.getDuration()).isPositive();
    }

    @Test
    void countsPicturesAndTiles() {
        int tiles = seen.usage().visualTokens() / tokensPerTile;
        assertThat(events("internvl.Preprocess"))
                .hasSize(2)
                .allSatisfy(event -> assertThat(event.getInt("pictures")).isEqualTo(1))
                .allSatisfy(event -> assertThat(event.getInt("tiles")).isEqualTo(tiles));
        assertThat(sum("internvl.Vision", "tiles") + sum("internvl.Vision", "cachedTiles"))
                .isEqualTo(2 * tiles);
    }

    @Test
    void countsTokensOfSteps() {
        int prompts = 2 * seen.usage().promptTokens() + several.usage().promptTokens();
        assertThat(sum("internvl.Request", "cachedTokens")).isPositive();
        assertThat(sum("internvl.Prefill", "tokens") + sum("internvl.Request", "cachedTokens"))
                .isEqualTo(prompts);
        int firstTokens = 3;
        int generated = seen.usage().generatedTokens()
                + several.usage().generatedTokens()
                + several.alternatives().get(0).usage().generatedTokens();
        assertThat(sum("internvl.DecodeStep", "tokens")).isEqualTo(generated - firstTokens);
        assertThat(events("internvl.DecodeStep"))
                .allSatisfy(step -> assertThat(step.getInt("sequences")).isEqualTo(1));
    }

    @Test
    void tellsHowRequestsEnd() {
        assertThat(events("internvl.Request"))
                .extracting(event -> event.getLong("id"), event -> event.getBoolean("failed"))
                .containsExactlyInAnyOrder(tuple(1L, false), tuple(2L, false), tuple(3L, true), tuple(4L, true));
        assertThat(events("internvl.Request"))
                .extracting(event -> event.getString("finishReason"))
                .contains(seen.finishReason().name().toLowerCase(Locale.ROOT), "rejected", "error");
        RecordedEvent request = events("internvl.Request").stream()
                .filter(event -> event.getLong("id") == 1)
                .findFirst()
                .orElseThrow();
        assertThat(request.getInt("promptTokens")).isEqualTo(seen.usage().promptTokens());
        assertThat(request.getInt("visualTokens")).isEqualTo(seen.usage().visualTokens());
        assertThat(request.getInt("generatedTokens")).isEqualTo(seen.usage().generatedTokens());
        assertThat(request.getDuration("queued")).isPositive();
        assertThat(request.getDuration("timeToFirstToken"))
                .isGreaterThan(request.getDuration("queued"))
                .isLessThan(request.getDuration());
    }

    @Test
    void neverTellsWhatIsAsked() {
        assertThat(events).isNotEmpty();
        assertThat(events.values())
                .allSatisfy(list -> assertThat(list.toString()).doesNotContain(SECRET));
    }

    @Test
    void describesEachField() {
        assertThat(events.values().stream().map(list -> list.get(0).getEventType()))
                .hasSize(6)
                .allSatisfy(type -> assertThat(type.getCategoryNames()).containsExactly("InternVL"))
                .allSatisfy(type -> assertThat(type.getLabel()).isNotBlank())
                .allSatisfy(type -> assertThat(type.getDescription()).isNotBlank())
                .allSatisfy(type -> assertThat(type.getFields())
                        .allSatisfy(field -> assertThat(field.getLabel()).isNotBlank()));
    }
}
