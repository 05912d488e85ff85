package io.github.internvl.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TokenizerTest {
    @ParameterizedTest
    @EnumSource
    void encodesAsTheReference(Family family) {
        SoftAssertions softly = new SoftAssertions();
        try (Tokenizer tokenizer = family.load()) {
            for (Family.Encoded row : family.goldens().encode()) {
                softly.assertThat(tokenizer.encode(row.text(), false))
                        .as(row.text())
                        .isEqualTo(row.ids());
                softly.assertThat(tokenizer.encode(row.text())).as(row.text()).isEqualTo(row.ids_with_special());
            }
        }
        softly.assertAll();
    }

    @ParameterizedTest
    @EnumSource
    void decodesAsTheReference(Family family) {
        SoftAssertions softly = new SoftAssertions();
        try (Tokenizer tokenizer = family.load()) {
            for (Family.Encoded row : family.goldens().encode()) {
                softly.assertThat(tokenizer.decode(row.ids(), false)).isEqualTo(row.decoded());
                softly.assertThat(tokenizer.decode(row.ids(), true)).isEqualTo(row.decoded_skip_special());
            }
            for (Family.Decoded row : family.goldens().decode()) {
                softly.assertThat(tokenizer.decode(row.ids(), false)).isEqualTo(row.decoded());
                softly.assertThat(tokenizer.decode(row.ids(), true)).isEqualTo(row.decoded_skip_special());
            }
        }
        softly.assertAll();
    }

    @Test
    void givesTheSameIdsFromTokenizerJsonAsFromTheOriginalFiles() {
        try (Tokenizer original = Family.QWEN2.load();
                Tokenizer fast = Family.QWEN2_FAST.load()) {
            for (Family.Encoded row : Family.QWEN2.goldens().encode()) {
                assertThat(fast.encode(row.text())).as(row.text()).isEqualTo(original.encode(row.text()));
            }
            assertThat(fast.size()).isEqualTo(original.size());
        }
    }

    @Test
    void cleansUpSpacesWhereTheConfigurationAsksForIt(@TempDir Path folder) throws IOException {
        Path config = Family.QWEN2_FAST.copyTo(folder).resolve("tokenizer_config.json");
        Files.writeString(config, "{\"clean_up_tokenization_spaces\": true}");
        try (Tokenizer asked = Tokenizer.load(folder);
                Tokenizer unasked = Family.QWEN2_FAST.load()) {
            int[] ids = unasked.encode("it 's a .");
            assertThat(asked.decode(ids, true)).isEqualTo("it's a.");
            assertThat(unasked.decode(ids, true)).isEqualTo("it 's a .");
        }
    }

    @Test
    void neverTruncatesOrPads() {
        try (Tokenizer tokenizer = Family.QWEN2_FAST.load()) { // its file asks for both
            assertThat(tokenizer.encode("x,".repeat(5000))).hasSize(10_000);
            assertThat(tokenizer.encode("x")).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void findsTokensByTheirContent(Family family) {
        try (Tokenizer tokenizer = family.load()) {
            int stop = tokenizer.id("<|im_end|>").orElseThrow();
            int visual = tokenizer.id("<IMG_CONTEXT>").orElseThrow();
            assertThat(tokenizer.encode("<|im_end|><IMG_CONTEXT>", false)).containsExactly(stop, visual);
            assertThat(tokenizer.id("<image>")).isEmpty();
            assertThat(tokenizer.size()).isEqualTo(visual + 1);
        }
    }

    @Test
    void tellsSpecialTokensFromOtherAddedOnes() {
        try (Tokenizer tokenizer = Family.QWEN2.load()) {
            assertThat(tokenizer.isSpecial(tokenizer.id("<|endoftext|>").orElseThrow()))
                    .isTrue();
            assertThat(tokenizer.isSpecial(tokenizer.id("<tool_call>").orElseThrow()))
                    .isFalse();
            assertThat(tokenizer.isSpecial(tokenizer.id("a").orElseThrow())).isFalse();
            assertThat(tokenizer.isSpecial(-1)).isFalse();
            assertThat(tokenizer.isSpecial(tokenizer.size())).isFalse();
        }
    }

    @Test
    void givesAnOverlaidPieceOneIdUnderBothNames() {
        try (Tokenizer tokenizer = Family.INTERNLM2.load()) {
            assertThat(tokenizer.encode("[UNUSED_TOKEN_1]", false)).isEqualTo(tokenizer.encode("<|im_end|>", false));
            assertThat(tokenizer.id("[UNUSED_TOKEN_1]")).isEqualTo(tokenizer.id("<|im_end|>"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void readsALoneSurrogateAsReplacementCharacter(Family family) {
        try (Tokenizer tokenizer = family.load()) {
            assertThat(tokenizer.encode("a\uD83Db\uDE00 😀\uD83D"))
                    .isEqualTo(tokenizer.encode("a\uFFFDb\uFFFD 😀\uFFFD"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusesIdsWithoutAToken(Family family) {
        try (Tokenizer tokenizer = family.load()) {
            for (int id : new int[] {-1, tokenizer.size(), Integer.MAX_VALUE}) {
                assertThatThrownBy(() -> tokenizer.decode(new int[] {5, id}, true))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("token id must be one of the vocabulary's, 0..%d: %d", tokenizer.size() - 1, id);
            }
        }
    }

    @Test
    void servesManyThreadsAtOnce() throws Exception {
        List<Family.Encoded> rows = Family.INTERNLM2.goldens().encode();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (Tokenizer tokenizer = Family.INTERNLM2.load()) {
            List<Future<?>> work = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                Family.Encoded row = rows.get(i % rows.size());
                work.add(threads.submit(() -> {
                    assertThat(tokenizer.encode(row.text())).isEqualTo(row.ids_with_special());
                    assertThat(tokenizer.decode(row.ids(), true)).isEqualTo(row.decoded_skip_special());
                }));
            }
            for (Future<?> each : work) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void refusesToEncodeOnceClosed() {
        Tokenizer tokenizer = Family.QWEN2.load();
        int[] ids = tokenizer.encode("a");
        tokenizer.close();
        tokenizer.close();
        assertThatThrownBy(() -> tokenizer.encode("a"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("tokenizer must be open, but has been closed");
        assertThat(tokenizer.decode(ids, true)).isEqualTo("a");
    }
}
