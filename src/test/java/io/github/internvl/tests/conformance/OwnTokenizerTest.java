package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.fixtures.Checkout;
import io.github.internvl.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A tokenizer in transformers' own layout decodes as its own configuration says, whatever its base does. */
class OwnTokenizerTest {
    private static final Path FILES =
            Checkout.ROOT.resolve("internvl-tokenizer/src/test/resources/io/github/internvl/tokenizer/internlm2-fast");
    private static final Path TEXTS = Checkout.ROOT.resolve("src/test/resources/goldens/native-text.json");

    @ParameterizedTest
    @CsvSource({
        "'{\"clean_up_tokenization_spaces\": false}', kept",
        "'{\"clean_up_tokenization_spaces\": true}', cleaned"
    })
    void followsItsOwnConfiguration(String config, String expected, @TempDir Path folder) throws IOException {
        Files.copy(FILES.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve("tokenizer_config.json"), config);
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            for (JsonElement element :
                    JsonParser.parseString(Checkout.read(TEXTS)).getAsJsonArray()) {
                JsonObject row = element.getAsJsonObject();
                int[] ids = Goldens.ints(row.get("ids"));
                String text = row.get(expected).getAsString();
                assertThat(tokenizer.decode(ids, true)).isEqualTo(text);
                assertThat(OwnTokenizer.decode(folder, ids, true)).isEqualTo(text);
            }
        }
    }
}
