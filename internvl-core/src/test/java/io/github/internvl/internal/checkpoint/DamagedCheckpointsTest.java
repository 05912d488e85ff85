package io.github.internvl.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.internvl.CheckpointException;
import io.github.internvl.ModelInfo;
import io.github.internvl.fixtures.TinyCheckpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are damaged or made to harm: each is refused by {@link CheckpointException}, before memory is taken for it. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class DamagedCheckpointsTest {
    private static final int MUTATIONS = 600;
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "false",
            "0",
            "-1",
            "1",
            "2.5",
            "1e999999999",
            "1e400",
            "2147483648",
            "1000000000",
            "NaN",
            "\"\"",
            "\"x\"",
            "\"1\"",
            "[]",
            "[null]",
            "[1, \"a\"]",
            "{}",
            "{\"a\": 1}",
            "{\"type\": 3}");

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "data_offsets | []",
                "data_offsets | [0]",
                "data_offsets | [0, 1, 2]",
                "data_offsets | \"a\"",
                "data_offsets | [\"a\", \"b\"]",
                "data_offsets | [null, null]",
                "data_offsets | null",
                "data_offsets | {}",
                "data_offsets | [0.5, 10.5]",
                "data_offsets | [0, 18446744073709551616]",
                "data_offsets | [1e999999999, 1e999999999]",
                "data_offsets | [100, 50]",
                "shape        | \"x\"",
                "shape        | [\"x\"]",
                "shape        | null",
                "shape        | [-1]",
                "shape        | [4611686018427387904, 4]",
                "shape        | [2.5]",
                "dtype        | null",
                "dtype        | 32",
                "dtype        | [\"F32\"]",
                "dtype        | \"F4\"",
                "dtype        | \"F8_E4M3\"",
            })
    void refusesAHeaderWhoseEntryIsWrong(String key, String value) throws IOException {
        Path file = header(header -> {
            JsonObject first = header.getAsJsonObject(tensor(header));
            first.add(key, JsonParser.parseString(value));
        });

        assertRefused().hasMessageContaining(file.toString());
    }

    @Test
    void refusesEntriesThatAreNoObjects() throws IOException {
        for (String entry : List.of("null", "\"x\"", "[]", "1")) {
            Path file = header(header -> header.add(tensor(header), JsonParser.parseString(entry)));

            assertRefused().hasMessageContaining(file.toString());
        }
    }

    @Test
    void refusesTensorsThatOverlap() throws IOException {
        Path file = header(header -> header.asMap().forEach((name, entry) -> {
            if (!name.equals("__metadata__")) {
                JsonArray offsets = entry.getAsJsonObject().getAsJsonArray("data_offsets");
                long bytes = offsets.get(1).getAsLong() - offsets.get(0).getAsLong();
                offsets.set(0, new JsonPrimitive(0));
                offsets.set(1, new JsonPrimitive(bytes));
            }
        }));

        assertRefused().hasMessageContaining(file.toString()).hasMessageContaining("must follow one another");
    }

    @Test
    void refusesHolesBetweenTensorsAndBytesAfterThem() throws IOException {
        Path file = header(header -> header.remove(tensor(header)));
        assertRefused().hasMessageContaining(file.toString());

        header(header -> {});
        Files.write(file, new byte[8], java.nio.file.StandardOpenOption.APPEND);
        assertRefused().hasMessageContaining(file.toString()).hasMessageContaining("must fill the file");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"null", "1", "{}", "\"a\\u0000b\"", "\"\"", "\".\"", "\"../x.safetensors\"", "\"/etc/passwd\""})
    void refusesAnIndexThatNamesNoFileOfTheFolder(String value) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        Path index = folder.resolve("model.safetensors.index.json");
        Files.writeString(index, "{\"weight_map\": {\"a\": " + value + "}}");

        assertRefused().hasMessageContaining(index.toString());
    }

    @ParameterizedTest
    @CsvSource({"llm_config, language model", "vision_config, ViT"})
    void refusesMoreLayersThanThereAreTensorsBeforeListingThem(String section, String part) throws IOException {
        config(root -> root.getAsJsonObject(section).addProperty("num_hidden_layers", 1_000_000_000));

        assertRefused()
                .hasMessageContaining(folder.resolve("config.json").toString())
                .hasMessageContaining("num_hidden_layers of the " + part);
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "generation_config.json", "model-00001-of-00002.safetensors"})
    void refusesAFifoInsteadOfWaitingForIt(String name) throws Exception {
        Assumptions.assumeFalse(System.getProperty("os.name").startsWith("Windows"));
        TinyCheckpoint.copy(readerOf(name), folder);
        Path file = folder.resolve(name);
        Files.deleteIfExists(file);
        assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor())
                .isZero();

        assertRefused().hasMessageContaining(file.toString()).hasMessageContaining("must be a regular file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "generation_config.json"})
    void refusesADevice(String name) throws IOException {
        Assumptions.assumeTrue(Files.exists(Path.of("/dev/zero")));
        TinyCheckpoint.copy(readerOf(name), folder);
        Files.deleteIfExists(folder.resolve(name));
        Files.createSymbolicLink(folder.resolve(name), Path.of("/dev/zero"));

        assertRefused().hasMessageContaining("must be a regular file");
    }

    /** A checkpoint whose layout reads the file. */
    private static Path readerOf(String name) {
        return name.equals("generation_config.json") ? TinyCheckpoint.internlm2Native() : TinyCheckpoint.qwen();
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "[]", "null", "", "3"})
    void refusesAGenerationConfigThatIsNoObjectWhereItIsRead(String text) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2Native(), folder);
        Path file = Files.writeString(folder.resolve("generation_config.json"), text);

        assertThatThrownBy(() -> ModelInfo.of(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(file.toString());

        Path official = Files.createDirectory(folder.resolve("official"));
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), official);
        Files.writeString(official.resolve("generation_config.json"), text);
        assertThat(Checkpoint.config(official)).isEqualTo(Checkpoint.config(TinyCheckpoint.qwen()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void neverFailsOtherwiseWhateverTypesTheValuesHave(boolean official) throws IOException {
        Path base = official ? TinyCheckpoint.qwen() : TinyCheckpoint.internlm2Native();
        TinyCheckpoint.copy(base, folder);
        Path config = folder.resolve("config.json");
        String text = Files.readString(config);
        Random random = new Random(official ? 1 : 2);
        int refused = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            JsonObject root = JsonParser.parseString(text).getAsJsonObject();
            String changed = mutate(root, random);
            Files.writeString(config, root.toString());
            try {
                ModelInfo.of(folder).parameters();
            } catch (CheckpointException e) {
                refused++;
                assertThat(e).hasMessageContaining("config.json");
            } catch (RuntimeException | Error e) {
                throw new AssertionError(changed, e);
            }
        }
        assertThat(refused).isGreaterThan(MUTATIONS / 4);
    }

    /** Changes one value, at any depth. */
    private static String mutate(JsonObject root, Random random) {
        List<JsonObject> places = new ArrayList<>();
        places.add(root);
        for (Map.Entry<String, JsonElement> entry : root.entrySet()) {
            if (entry.getValue() instanceof JsonObject section) {
                places.add(section);
                section.asMap().values().stream()
                        .filter(JsonElement::isJsonObject)
                        .forEach(inner -> places.add(inner.getAsJsonObject()));
            }
        }
        JsonObject place = places.get(random.nextInt(places.size()));
        List<String> keys = List.copyOf(place.keySet());
        String key = keys.get(random.nextInt(keys.size()));
        String value = VALUES.get(random.nextInt(VALUES.size()));
        place.add(key, JsonParser.parseString(value));
        return key + ": " + value;
    }

    /** Changes to JSON. */
    private interface Edit {
        void change(JsonObject root);
    }

    private void config(Edit edit) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        Path file = folder.resolve("config.json");
        JsonObject root = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        edit.change(root);
        Files.writeString(file, root.toString());
    }

    /** A checkpoint in one file with another header. */
    private Path header(Edit edit) throws IOException {
        Path source = TinyCheckpoint.internlm2();
        Files.copy(
                source.resolve("config.json"),
                folder.resolve("config.json"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        byte[] whole = Files.readAllBytes(source.resolve("model.safetensors"));
        int length = (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
        JsonObject header = JsonParser.parseString(new String(whole, 8, length, StandardCharsets.UTF_8))
                .getAsJsonObject();
        edit.change(header);
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        byte[] data = Arrays.copyOfRange(whole, 8 + length, whole.length);
        ByteBuffer file = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json).put(data);
        return Files.write(folder.resolve("model.safetensors"), file.array());
    }

    private static String tensor(JsonObject header) {
        return header.keySet().stream()
                .filter(name -> !name.equals("__metadata__"))
                .findFirst()
                .orElseThrow();
    }

    private org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertRefused() {
        return assertThatThrownBy(() -> ModelInfo.of(folder)).isInstanceOf(CheckpointException.class);
    }

    @Test
    void loadsTheFilesThatTheseWereMadeFrom() throws IOException {
        header(header -> {});

        assertThatCode(() -> ModelInfo.of(folder)).doesNotThrowAnyException();
    }
}
