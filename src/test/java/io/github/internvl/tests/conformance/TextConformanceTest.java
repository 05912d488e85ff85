package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.tokenizer.ChatTemplate;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.tiles.PixelTiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/** Tokens, decoded texts, templates and whole prompts against the reference's. */
class TextConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("text");
    private static final Conformance<Subject> CONFORMANCE = new Conformance<>(REPORT, Subject::load);
    private static final Pattern LEADING_SPACES = Pattern.compile("^\u2581+");
    private static final String REPLACEMENT = "\uFFFD";

    @AfterAll
    static void report(TestReporter reporter) {
        CONFORMANCE.close();
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> tokenizersAgree() {
        return CONFORMANCE.variants(variant -> Stream.of(
                dynamicTest("special tokens", () -> specialTokens(variant)),
                dynamicTest("tokenization", () -> tokenization(variant)),
                dynamicTest("decoding", () -> decoding(variant))));
    }

    @TestFactory
    Stream<DynamicNode> templatesAgree() {
        List<DynamicNode> nodes = new ArrayList<>();
        for (Goldens goldens : Goldens.all()) {
            Path file = goldens.folder().resolve("templates.json");
            if (Files.exists(file)) {
                JsonObject json = Goldens.json(file);
                JsonObject templates = json.getAsJsonObject("templates");
                nodes.add(dynamicContainer(
                        goldens.name(),
                        templates.keySet().stream()
                                .map(name -> dynamicTest(name, () -> template(goldens.name(), json, name)))));
            }
        }
        return nodes.stream();
    }

    @TestFactory
    Stream<DynamicNode> promptsAgree() {
        return CONFORMANCE.cases(golden -> !golden.fails() && !golden.rounds().isEmpty(), TextConformanceTest::prompts);
    }

    private static void specialTokens(GoldenVariant variant) {
        Subject subject = CONFORMANCE.load(variant);
        JsonObject tokens = variant.json().getAsJsonObject("token_ids");
        for (String token : tokens.keySet()) {
            assertThat(subject.tokenizer().id(token))
                    .as("%s: id of %s", variant.name(), token)
                    .hasValue(tokens.get(token).getAsInt());
            REPORT.checked(variant.name(), "special tokens");
        }
        assertThat(subject.tokenizer().id(subject.template().stopText())).hasValue(variant.endId());
        assertThat(subject.template().systemMessage().orElseThrow())
                .as("%s: system message", variant.name())
                .isEqualTo(variant.json().get("system_message").getAsString());
    }

    private static void tokenization(GoldenVariant variant) {
        Tokenizer tokenizer = CONFORMANCE.load(variant).tokenizer();
        for (JsonElement element : variant.json().getAsJsonArray("tokenization")) {
            JsonObject row = element.getAsJsonObject();
            String text = row.get("text").getAsString();
            int[] ids = Goldens.ints(row.get("ids"));
            Goldens.compareIds(variant.name() + ": ids of \"" + text + "\"", ids, tokenizer.encode(text));
            if (!variant.isNative()) { // its fast tokenizer puts no blanks around special tokens
                assertThat(tokenizer.decode(ids, false))
                        .as("%s: text of the ids of \"%s\"", variant.name(), text)
                        .isEqualTo(row.get("decoded").getAsString());
            }
            assertThat(tokenizer.decode(ids, true))
                    .as("%s: text without special tokens of the ids of \"%s\"", variant.name(), text)
                    .isEqualTo(spaced(
                            variant,
                            variant.text(
                                    ids, true, row.get("decoded_skip_special").getAsString())));
            REPORT.checked(variant.name(), "tokenization");
        }
    }

    private static void decoding(GoldenVariant variant) {
        Tokenizer tokenizer = CONFORMANCE.load(variant).tokenizer();
        for (JsonElement element : variant.json().getAsJsonArray("decoding")) {
            JsonObject row = element.getAsJsonObject();
            int[] ids = Goldens.ints(row.get("ids"));
            boolean invalid = row.has("invalid_utf8") && row.get("invalid_utf8").getAsBoolean();
            String whole = tokenizer.decode(ids, false);
            String plain = tokenizer.decode(ids, true);
            String expectedWhole =
                    variant.isNative() ? whole : row.get("decoded").getAsString();
            String expectedPlain =
                    variant.text(ids, true, row.get("decoded_skip_special").getAsString());
            assertThat(invalid ? joined(whole) : whole)
                    .as("%s: text of %s", variant.name(), row.get("ids"))
                    .isEqualTo(invalid ? joined(expectedWhole) : expectedWhole);
            assertThat(invalid ? joined(plain) : plain)
                    .as("%s: text without special tokens of %s", variant.name(), row.get("ids"))
                    .isEqualTo(invalid ? joined(expectedPlain) : expectedPlain);
            boolean same = whole.equals(expectedWhole) && plain.equals(expectedPlain);
            REPORT.checked(variant.name(), same ? "decoding" : "decoding but for the number of U+FFFD");
        }
    }

    /**
     * A text of the reference without its fault: where a vocabulary has a prefix, its decoder takes a space off the first piece,
     * and shows the signs for the other spaces of it as they are.
     */
    private static String spaced(GoldenVariant variant, String text) {
        boolean prefixed = variant.json().get("template").getAsString().equals("phi3-chat");
        return prefixed
                ? LEADING_SPACES
                        .matcher(text)
                        .replaceAll(run -> " ".repeat(run.group().length()))
                : text;
    }

    /** The text with one U+FFFD for each run of them. */
    private static String joined(String text) {
        return text.replaceAll(REPLACEMENT + "+", REPLACEMENT);
    }

    private static void template(String goldens, JsonObject json, String name) {
        JsonObject golden = json.getAsJsonObject("templates").getAsJsonObject(name);
        ChatTemplate template = ChatTemplate.named(name);
        assertThat(template.systemMessage().orElseThrow())
                .as("%s: system message of template %s", goldens, name)
                .isEqualTo(golden.get("system_message").getAsString());
        assertThat(template.stopText())
                .as("%s: stop text of template %s", goldens, name)
                .isEqualTo(golden.get("eos_text").getAsString());
        JsonObject prompts = golden.getAsJsonObject("prompts");
        for (String key : prompts.keySet()) {
            String[] parts = key.split("/", 2);
            ChatTemplate own = switch (parts[0]) {
                case "default" -> template;
                case "custom" ->
                    template.withSystemMessage(json.get("custom_system_message").getAsString());
                case "empty" -> template.withSystemMessage("");
                default -> throw new AssertionError("templates.json: unknown system message " + key);
            };
            List<ChatTemplate.Turn> turns = new ArrayList<>();
            for (JsonElement pair : json.getAsJsonObject("dialogues").getAsJsonArray(parts[1])) {
                JsonElement answer = pair.getAsJsonArray().get(1);
                String question = pair.getAsJsonArray().get(0).getAsString();
                turns.add(
                        answer.isJsonNull()
                                ? new ChatTemplate.Turn(question)
                                : new ChatTemplate.Turn(question, answer.getAsString()));
            }
            assertThat(own.render(turns))
                    .as("%s: template %s, %s", goldens, name, key)
                    .isEqualTo(prompts.get(key).getAsString());
            REPORT.checked(goldens + "/templates.json", "template prompts");
        }
    }

    private static void prompts(GoldenCase golden, Subject subject) {
        List<PixelTiles> tiles = subject.tiles(golden);
        List<String> batch = golden.isBatch() ? Goldens.strings(golden.json().get("query")) : List.of();
        for (GoldenCase.Round round : golden.rounds()) {
            Subject.Prompt prompt = subject.prompt(round, tiles);
            String query = batch.isEmpty() ? round.json().get("query").getAsString() : batch.get(round.index());
            assertThat(prompt.query()).as("%s: query", round).isEqualTo(query);
            Goldens.compareIds(
                    round + ": input_ids", round.inputIds(), prompt.tokens().ids());
            REPORT.checked(golden.variant().name(), "prompts (text and ids)");
            if (round.json().has("recorded_question")) {
                assertThat(prompt.recorded())
                        .as("%s: recorded question", round)
                        .isEqualTo(round.json().get("recorded_question").getAsString());
                REPORT.checked(golden.variant().name(), "recorded questions");
            }
        }
    }
}
