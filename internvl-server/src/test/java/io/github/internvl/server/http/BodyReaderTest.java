package io.github.internvl.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.RequestBudget;
import io.github.internvl.RequestBudget.Work;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class BodyReaderTest {
    private static final int LARGE = 1 << 20;

    private final HeapBudget memory = new HeapBudget(1 << 26);
    private final HeapBudget.Share share = memory.share(RequestBudget.defaults());

    private static InputStream bytes(String body) {
        return new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8));
    }

    private JsonFields read(String body) {
        return BodyReader.read(bytes(body), Set.of("known"), share, RequestBudget.defaults());
    }

    @Test
    void keepsKnownFieldsAlone() {
        JsonFields body = read("{\"other\": [{\"known\": 1}, \"a\", null, true, -1.5e3], \"known\": [\"b\", 2]}");
        assertThat(body.json().toString()).isEqualTo("{\"known\":[\"b\",2]}");
        assertThat(body.has("known")).isTrue();
        assertThatThrownBy(() -> body.has("other"))
                .hasMessageContaining("other must be among those that its route reads");
    }

    @ParameterizedTest
    @ValueSource(strings = {"known", "other"})
    void countsValuesOfAllFields(String name) {
        RequestBudget small =
                RequestBudget.builder().limit(Work.JSON_VALUES, 1000).build();
        String body = "{\"" + name + "\": [" + "{},".repeat(997) + "{}]}";
        BodyReader.read(bytes(body), Set.of("known"), share, small);
        RequestBudget same =
                RequestBudget.builder().limit(Work.JSON_VALUES, 999).build();
        assertThatThrownBy(() -> BodyReader.read(bytes(body), Set.of("known"), share, same))
                .isInstanceOf(RequestBudget.ExceededException.class)
                .hasMessageContaining("999 JSON values");
    }

    @ParameterizedTest
    @ValueSource(strings = {"known", "other"})
    void countsNoNames(String name) {
        String members =
                IntStream.range(0, 500).mapToObj(i -> "\"n" + i + "\": " + i).collect(Collectors.joining(","));
        String body = "{\"" + name + "\": {" + members + "}}";
        int values = 502; // two objects and the numbers
        RequestBudget exact =
                RequestBudget.builder().limit(Work.JSON_VALUES, values).build();
        BodyReader.read(bytes(body), Set.of("known"), share, exact);
        RequestBudget less =
                RequestBudget.builder().limit(Work.JSON_VALUES, values - 1).build();
        assertThatThrownBy(() -> BodyReader.read(bytes(body), Set.of("known"), share, less))
                .isInstanceOf(RequestBudget.ExceededException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"known", "other"})
    void passesACancellationOnAsItIs(String name) {
        RequestBudget cancelled = RequestBudget.defaults();
        cancelled.cancel();
        assertThatThrownBy(() -> BodyReader.read(bytes("{\"" + name + "\": [1]}"), Set.of("known"), share, cancelled))
                .isInstanceOf(CancellationException.class);
    }

    @Test
    void reservesMemoryForTextAndValues() {
        read("{\"known\": \"" + "a".repeat(LARGE) + "\"}");
        assertThat(memory.used()).isBetween(2L * LARGE, 2L * LARGE + 1000);
        share.releaseBody();
        read("{\"known\": \"" + "a".repeat(LARGE) + "\u4e00\"}");
        assertThat(memory.used()).isBetween(3L * LARGE, 3L * LARGE + 1000);
        share.releaseBody();
        read("{\"known\": [" + "1,".repeat(9999) + "1]}");
        assertThat(memory.used()).isBetween(1_800_000L, 1_900_000L);
        share.releaseBody();
        assertThat(memory.used()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "\u4e00", "\\u4e00"})
    void rejectsTextThatGrowsBeyondTheMemory(String character) {
        int most = 3 * (character.equals("a") ? 1 : 2) * LARGE;
        String body = "{\"known\": \"" + character + "a".repeat(LARGE) + "\"}";
        try (HeapBudget.Share small = new HeapBudget(most / 2).share(RequestBudget.defaults())) {
            assertThatThrownBy(() -> BodyReader.read(bytes(body), Set.of("known"), small, RequestBudget.defaults()))
                    .isInstanceOfSatisfying(
                            ApiException.class,
                            error -> assertThat(error.status()).isEqualTo(413));
        }
        try (HeapBudget.Share enough = new HeapBudget(most + 1000).share(RequestBudget.defaults())) {
            assertThat(BodyReader.read(bytes(body), Set.of("known"), enough, RequestBudget.defaults())
                            .required("known"))
                    .hasSize(LARGE + 1);
        }
    }

    @Test
    void passesOutOfMemoryOnAsItIs() {
        InputStream full = new InputStream() {
            private int at;

            @Override
            public int read() {
                if (at == 20) {
                    throw new OutOfMemoryError("Java heap space");
                }
                return "{\"known\": [1, 2, 3, 4, 5]}".charAt(at++);
            }

            @Override
            public int read(byte[] into, int from, int most) {
                into[from] = (byte) read();
                return 1;
            }
        };
        assertThatThrownBy(() -> BodyReader.read(full, Set.of("known"), share, RequestBudget.defaults()))
                .isInstanceOf(OutOfMemoryError.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{",
                "{\"known\": }",
                "{\"known\": 1",
                "{} {}",
                "{\"known\": 01}",
                "{'known': 1}",
                "{\"other\": tru}",
                "{\"known\": [}"
            })
    void rejectsWhatIsNoJsonObject(String body) {
        assertThatThrownBy(() -> read(body)).isInstanceOfSatisfying(ApiException.class, error -> {
            assertThat(error.status()).isEqualTo(400);
            assertThat(error).hasMessageStartingWith("the body must be ");
        });
    }

    @Test
    void rejectsDeepNestingInAnyField() {
        for (String name : Set.of("known", "other")) {
            assertThatThrownBy(() -> read("{\"" + name + "\": " + "[".repeat(100) + "]".repeat(100) + "}"))
                    .isInstanceOf(ApiException.class)
                    .hasMessageContaining("limit 64");
        }
    }
}
