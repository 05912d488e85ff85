package io.github.internvl.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Errors about files that are missing, damaged or of another kind. */
class TokenizerFilesTest {
    @TempDir
    private Path folder;

    private AbstractThrowableAssert<?, ? extends Throwable> assertRefused() {
        return assertThatThrownBy(() -> Tokenizer.load(folder).close()).isInstanceOf(TokenizerException.class);
    }

    private void edit(String file, String from, String to) throws IOException {
        Path path = folder.resolve(file);
        Files.writeString(path, Files.readString(path).replace(from, to));
    }

    @Test
    void namesTheFilesThatAFolderLacks() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{}");
        assertRefused()
                .hasMessageStartingWith(
                        folder + ": must hold tokenizer.json, or vocab.json with merges.txt, or tokenizer.model")
                .hasMessageContaining("found [config.json]");
    }

    @Test
    void namesAFolderThatDoesNotExist() {
        assertThatThrownBy(() -> Tokenizer.load(folder.resolve("absent")))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("absent")
                .hasMessageContaining("download");
    }

    @Test
    void asksForMergesBesideAVocabulary() throws IOException {
        Files.delete(Family.QWEN2.copyTo(folder).resolve("merges.txt"));
        assertRefused().hasMessageContaining("merges.txt").hasMessageContaining("download");
    }

    @ParameterizedTest
    @CsvSource({
        "QWEN2, vocab.json",
        "QWEN2, added_tokens.json",
        "QWEN2, tokenizer_config.json",
        "INTERNLM2, special_tokens_map.json",
        "QWEN2_FAST, tokenizer.json"
    })
    void namesAFileOfBrokenJson(Family family, String file) throws IOException {
        Path broken = family.copyTo(folder).resolve(file);
        String text = Files.readString(broken);
        Files.writeString(broken, text.substring(0, text.length() / 2));
        assertRefused().hasMessageContaining(broken.toString()).hasMessageContaining("must be valid JSON");
    }

    @Test
    void namesAFileWithValuesOfTheWrongKind() throws IOException {
        Family.QWEN2.copyTo(folder);
        edit("vocab.json", "\"!\":0", "\"!\":\"zero\"");
        assertRefused().hasMessageContaining("vocab.json").hasMessageContaining("expected layout");
    }

    @Test
    void namesAConfigurationWithoutTheContentOfAToken() throws IOException {
        Family.INTERNLM2.copyTo(folder);
        edit("tokenizer_config.json", "\"content\": \"<img>\"", "\"text\": \"<img>\"");
        assertRefused().hasMessageContaining("tokenizer_config.json").hasMessageContaining("expected layout");
    }

    @Test
    void showsAMergeOfUnknownTokens() throws IOException {
        Family.QWEN2.copyTo(folder);
        Path merges = folder.resolve("merges.txt");
        Files.writeString(merges, Files.readString(merges) + "ab zz\n");
        assertRefused()
                .hasMessageContaining("merges.txt")
                .hasMessageContaining("two tokens of vocab.json that make a third: ab zz")
                .hasMessageContaining("same checkpoint");
    }

    @Test
    void showsAPieceOutsideTheByteAlphabet() throws IOException {
        Family.QWEN2.copyTo(folder);
        edit("vocab.json", "\"!\":0", "\"图\":0");
        assertRefused().hasMessageContaining("256 characters that stand for bytes: 图");
    }

    @Test
    void refusesAddedTokensThatDisagree() throws IOException {
        Family.INTERNLM2.copyTo(folder);
        edit("added_tokens.json", "520", "521");
        assertRefused().hasMessageContaining("agree with added_tokens.json on token 521: </img> and <img>");
    }

    @Test
    void refusesATokenWithTwoIds() throws IOException {
        Family.QWEN2.copyTo(folder);
        edit("added_tokens.json", "}", ",\"!\": 900}");
        assertRefused().hasMessageContaining("the token ! must have one id: 0 and 900");
    }

    @Test
    void refusesATokenizerOfAnotherClass() throws IOException {
        Family.INTERNLM2.copyTo(folder);
        edit("tokenizer_config.json", "InternLM2Tokenizer", "T5Tokenizer");
        assertRefused()
                .hasMessageContaining(
                        "tokenizer_class must be InternLM2Tokenizer or LlamaTokenizer for these files: T5Tokenizer");
    }

    @Test
    void refusesTheLegacyRulesOfLlamasTokenizerByName() throws IOException {
        Family.INTERNLM2.copyTo(folder);
        edit("tokenizer_config.json", "InternLM2Tokenizer", "LlamaTokenizer");
        assertRefused().hasMessageContaining("tokenizer_config.json").hasMessageContaining("legacy must be false");
    }

    @Test
    void refusesAModelWithoutItsFirstToken() throws IOException {
        Family.INTERNLM2.copyTo(folder);
        edit("tokenizer_config.json", "\"bos_token\": \"<s>\"", "\"bos_token\": \"<start>\"");
        assertRefused().hasMessageContaining("must hold the bos_token of tokenizer_config.json: <start>");
    }

    @Test
    void refusesAModelFileCutShortAnywhere() throws IOException {
        Path model = Family.INTERNLM2.copyTo(folder).resolve("tokenizer.model");
        byte[] whole = Files.readAllBytes(model);
        for (int length = 0; length < whole.length - 20; length += 131) {
            Files.write(model, Arrays.copyOf(whole, length));
            assertRefused()
                    .hasMessageContaining("tokenizer.model: must be a whole SentencePiece model")
                    .hasMessageContaining("download it again");
        }
    }

    @Test
    void loadsOrRefusesADamagedModelFileButNeverFailsOtherwise() throws IOException {
        Path model = Family.INTERNLM2.copyTo(folder).resolve("tokenizer.model");
        byte[] whole = Files.readAllBytes(model);
        Random random = new Random(3);
        for (int i = 0; i < 150; i++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(model, damaged);
            try (Tokenizer tokenizer = Tokenizer.load(folder)) {
                assertThatCode(() -> tokenizer.encode("it still encodes")).doesNotThrowAnyException();
            } catch (TokenizerException refused) {
                assertThatCode(() -> {
                            throw refused;
                        })
                        .hasMessageContaining("tokenizer.model");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        // a piece "a", then the trainer's and the normalizer's settings
        "0a030a0161 12021801 1a00, the model type must be BPE (2): 1",
        "0a030a0161 12021802 1a022800, escape_whitespaces must be on",
        "0a030a0161 12021802 1a03120178, the normalization must be 'identity'",
        "0a050a01611807 12021802 1a00, piece of type 7",
        "0a030a0161 0a030a0161 12021802 1a00, pieces must differ",
    })
    void refusesModelFilesOfOtherKinds(String hex, String problem) throws IOException {
        Files.write(folder.resolve("tokenizer.model"), java.util.HexFormat.of().parseHex(hex.replace(" ", "")));
        assertRefused().hasMessageContaining("tokenizer.model").hasMessageContaining(problem);
    }

    @ParameterizedTest
    @CsvSource({
        "WordPiece, ByteLevel, the model's type must be BPE: WordPiece",
        "BPE, WordPiece, 'the decoder must be ByteLevel, or a sequence with ByteFallback: [WordPiece]'",
        "BPE, ByteLevel, 'must make a tokenizer, but does not'",
    })
    void refusesTokenizerJsonOfOtherKinds(String model, String decoder, String problem) throws IOException {
        Files.writeString(
                folder.resolve("tokenizer.json"),
                "{\"model\": {\"type\": \"%s\", \"vocab\": {\"a\": 0}}, \"decoder\": {\"type\": \"%s\"}}"
                        .formatted(model, decoder));
        assertRefused().hasMessageContaining("tokenizer.json").hasMessageContaining(problem);
    }

    @Test
    void loadsBothDescriptionsOfOneTokenizer() throws IOException {
        both();

        assertThatCode(() -> Tokenizer.load(folder).close()).doesNotThrowAnyException();
    }

    @Test
    void refusesTwoVocabulariesThatDiffer() throws IOException {
        both();
        edit("vocab.json", "\"!\":0", "\"!\":1000");
        assertRefused()
                .hasMessageContaining(
                        "tokenizer.json: must have the same vocabulary as " + folder.resolve("vocab.json"));
    }

    @Test
    void refusesTwoListsOfMergesThatDiffer() throws IOException {
        both();
        Path merges = folder.resolve("merges.txt");
        Files.writeString(merges, Files.readString(merges) + "a b\n");
        assertRefused().hasMessageContaining("tokenizer.json: must have the same list of merges as " + merges);
    }

    /** The files of {@code tokenizer.json} written out as those of the slow tokenizer. */
    private void both() throws IOException {
        Family.QWEN2_FAST.copyTo(folder);
        JsonObject model = JsonParser.parseString(Files.readString(folder.resolve("tokenizer.json")))
                .getAsJsonObject()
                .getAsJsonObject("model");
        Files.writeString(
                folder.resolve("vocab.json"), model.getAsJsonObject("vocab").toString());
        StringBuilder lines = new StringBuilder("#version: 0.2\n");
        for (JsonElement merge : model.getAsJsonArray("merges")) {
            lines.append(
                            merge.isJsonArray()
                                    ? merge.getAsJsonArray().get(0).getAsString() + " "
                                            + merge.getAsJsonArray().get(1).getAsString()
                                    : merge.getAsString())
                    .append('\n');
        }
        Files.writeString(folder.resolve("merges.txt"), lines);
    }

    @ParameterizedTest
    @CsvSource({"QWEN2, added_tokens.json", "INTERNLM2, added_tokens.json"})
    void refusesHugeIdsOfAddedTokensBeforeMakingRoomForThem(Family family, String file) throws IOException {
        family.copyTo(folder);
        Path added = folder.resolve(file);
        JsonObject ids = JsonParser.parseString(Files.readString(added)).getAsJsonObject();
        ids.addProperty("<huge>", Integer.MAX_VALUE);
        ids.addProperty("<almost>", Integer.MAX_VALUE - 1);
        Files.writeString(added, ids.toString());
        assertRefused().hasMessageContaining("token ids must be 0.." + ((1 << 24) - 1));
    }

    @ParameterizedTest
    @CsvSource({
        "QWEN2, vocab.json",
        "QWEN2, merges.txt",
        "QWEN2, tokenizer_config.json",
        "QWEN2_FAST, tokenizer.json",
        "INTERNLM2, tokenizer.model"
    })
    @Timeout(60)
    void refusesAFifoInsteadOfWaitingForIt(Family family, String file) throws Exception {
        Assumptions.assumeFalse(System.getProperty("os.name").startsWith("Windows"));
        Path fifo = family.copyTo(folder).resolve(file);
        Files.delete(fifo);
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor())
                .isZero();

        assertRefused().hasMessageContaining(fifo + ": must be a regular file");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"extra_special_tokens\": [\"<one>\"]",
                "\"extra_special_tokens\": {\"some_token\": \"<one>\"}",
                "\"model_specific_special_tokens\": {\"some_token\": \"<one>\"}"
            })
    void takesTokensAsSpecialByEachNameOfTheList(String setting) throws IOException {
        Family.QWEN2.copyTo(folder);
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(config, Files.readString(config).replaceFirst("\\{", "{" + setting + ", "));
        Path added = folder.resolve("added_tokens.json");
        JsonObject ids = JsonParser.parseString(Files.readString(added)).getAsJsonObject();
        ids.addProperty("<one>", 5000);
        Files.writeString(added, ids.toString());

        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            assertThat(tokenizer.isSpecial(5000)).isTrue();
        }
    }
}
