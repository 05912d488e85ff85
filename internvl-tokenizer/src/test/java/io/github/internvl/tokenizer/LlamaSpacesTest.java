package io.github.internvl.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlamaSpacesTest {
    private static final LlamaSpaces SPACES = new LlamaSpaces(
            List.of(
                    new AddedToken(1, "<s>", true),
                    new AddedToken(2, "<|end|>", true, false, false),
                    new AddedToken(3, "<|endoftext|>", true)),
            Set.of("<|end|>"));

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "``, ``",
                "`a b`, `▁a▁b`",
                "` a`, `▁▁a`",
                "`▁a`, `▁▁a`",
                "`<s> a`, `<s>▁a`",
                "`<|end|> a`, `▁<|end|>a`",
                "`a <|end|> \n\u3000b`, `▁a▁<|end|>b`",
                "`a<|end|> <|end|>\n`, `▁a<|end|><|end|>`",
                "`a<|endoftext|> b`, `▁a<|endoftext|>▁b`",
            })
    void putsOneSpaceInFrontAndTakesThoseBehindStrippingTokens(String text, String escaped) {
        assertThat(SPACES.escape(text.translateEscapes().replace("\\u3000", "\u3000")))
                .isEqualTo(escaped);
    }
}
