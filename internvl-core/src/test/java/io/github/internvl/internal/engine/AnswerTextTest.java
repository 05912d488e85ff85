package io.github.internvl.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class AnswerTextTest {
    private static final Tokenizer TOKENIZER = Tokenizer.load(TinyCheckpoint.qwen());

    @AfterAll
    static void close() {
        TOKENIZER.close();
    }

    @Test
    void givesTheTextPieceByPieceStripped() {
        List<String> pieces = pieces("  \n One two\u00a0three.\u3000 \n", List.of());

        assertThat(String.join("", pieces)).isEqualTo("One two\u00a0three.");
        assertThat(pieces.stream().filter(p -> !p.isEmpty())).hasSizeGreaterThan(2);
    }

    @Test
    void cutsAtTheFirstStopTextThatComes() {
        assertThat(String.join("", pieces("one, two; three", List.of(";", ", two"))))
                .isEqualTo("one");
    }

    @Test
    void neverGivesOutTheBeginningOfAStopText() {
        String stop = "STOP HERE";
        List<String> pieces = pieces("go on STOP THERE, then STOP HERE and more", List.of(stop));

        assertThat(String.join("", pieces)).isEqualTo("go on STOP THERE, then");
        String shown = "";
        for (String piece : pieces) {
            shown += piece;
            assertThat("go on STOP THERE, then").startsWith(shown);
        }
    }

    @Test
    void givesOutWhatOnlyLookedLikeAStopTextAtTheEnd() {
        assertThat(String.join("", pieces("a <|im", List.of("<|im_end|>")))).isEqualTo("a <|im");
    }

    @Test
    void findsAStopTextInsideOneToken() {
        AnswerText text = new AnswerText(TOKENIZER.decoder(true), TOKENIZER.size(), List.of("n"), Set.of(), true);
        StringBuilder all = new StringBuilder();
        for (int id : TOKENIZER.encode("In the end")) {
            if (!text.isStopped()) {
                all.append(text.add(id));
            }
        }
        assertThat(text.isStopped()).isTrue();
        assertThat(all.append(text.finish())).hasToString("I");
        assertThat(text.text()).isEqualTo("I");
    }

    @Test
    void cutsAfterAStopTextThatIsPartOfTheText() {
        assertThat(String.join("", pieces("one.\n\ntwo", List.of("\n\n", "tw"), Set.of("\n\n"))))
                .isEqualTo("one.\n\n");
        assertThat(String.join("", pieces("one.\n\ntwo", List.of("\n\n", ". "), Set.of(". "))))
                .isEqualTo("one.");
    }

    @Test
    void passesOverStopTextsThatDoNotCountYet() {
        AnswerText text = new AnswerText(TOKENIZER.decoder(true), TOKENIZER.size(), List.of("a"), Set.of(), true);
        StringBuilder all = new StringBuilder();
        int[] ids = TOKENIZER.encode("a b a b a");
        for (int i = 0; i < ids.length && !text.isStopped(); i++) {
            all.append(i < ids.length - 1 ? text.addUnstopped(ids[i]) : text.add(ids[i]));
        }
        assertThat(all.append(text.finish())).hasToString("a b a b");
    }

    private static List<String> pieces(String answer, List<String> stops) {
        return pieces(answer, stops, Set.of());
    }

    private static List<String> pieces(String answer, List<String> stops, Set<String> included) {
        AnswerText text = new AnswerText(TOKENIZER.decoder(true), TOKENIZER.size(), stops, included, true);
        List<String> pieces = new ArrayList<>();
        for (int id : TOKENIZER.encode(answer)) {
            pieces.add(text.add(id));
            if (text.isStopped()) {
                break;
            }
        }
        pieces.add(text.finish());
        assertThat(String.join("", pieces)).isEqualTo(text.text());
        return pieces;
    }

    @Test
    void passesOverRowsOfTheEmbeddingThatStandForNoToken() {
        AnswerText text = new AnswerText(TOKENIZER.decoder(true), TOKENIZER.size(), List.of(), Set.of(), true);

        for (int id : TOKENIZER.encode("so it is")) {
            text.add(id);
            assertThat(text.add(TOKENIZER.size())).isEmpty();
        }
        text.finish();

        assertThat(text.text()).isEqualTo("so it is");
    }
}
