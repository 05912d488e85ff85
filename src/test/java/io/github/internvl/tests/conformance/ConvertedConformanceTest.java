package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.internvl.ChatRequest;
import io.github.internvl.CheckpointException;
import io.github.internvl.InternVL;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.vision.Image;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/** The layout {@code internvl2_5}: the goldens of official checkpoints, whose keys {@link ConvertedLayout} moves. */
class ConvertedConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("layout internvl2_5");

    @AfterAll
    static void report(TestReporter reporter) {
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> answersAsTheOfficialCheckpoint() {
        return Goldens.all().stream()
                .flatMap(goldens -> goldens.variants().stream())
                .filter(variant -> List.of("tiny-qwen", "tiny-internlm2", "qwen", "internlm2")
                        .contains(variant.folder().getFileName().toString()))
                .map(variant -> dynamicTest(variant.name(), () -> answer(ConvertedLayout.of(variant))));
    }

    private static void answer(GoldenVariant variant) {
        try (InternVL model = load(variant)) {
            for (GoldenCase golden : variant.cases()) {
                if (golden.api().equals("chat") && golden.isAnswered()) {
                    golden.rounds().forEach(round -> compare(round, model));
                }
            }
        }
    }

    private static void compare(GoldenCase.Round round, InternVL model) {
        ApiRequests asked = ApiRequests.of(round);
        if (asked.meaning() == ApiRequests.Meaning.SAME) {
            assertThat(model.countTokens(asked.request()))
                    .as("%s: tokens of the prompt", round)
                    .isEqualTo(round.inputIds().length);
            assertThat(model.chat(asked.request()).text())
                    .as("%s: response", round)
                    .isEqualTo(round.response());
            REPORT.checked(round.golden().variant().name(), "chat");
        }
    }

    private static InternVL load(GoldenVariant variant) {
        return InternVL.builder(variant.model())
                .precision(Precision.FLOAT32)
                .device(Goldens.DEVICE)
                .passOrder(PassOrders.of(variant.goldens()).order())
                .load();
    }

    private static GoldenVariant tiny() {
        List<GoldenVariant> own = Goldens.all().get(0).variants();
        return ConvertedLayout.of(CaseVariants.find(own, "tiny-qwen").orElseThrow());
    }

    @Test
    void hasTheSystemMessageOfItsChatTemplate() {
        ChatRequest asked = ChatRequest.builder().text("Why?").maxNewTokens(4).build();
        ChatRequest told =
                asked.toBuilder().systemMessage(ConvertedLayout.SYSTEM_MESSAGE).build();
        ChatRequest other = asked.toBuilder().systemMessage("").build();
        try (InternVL model = load(tiny())) {
            assertThat(model.countTokens(asked))
                    .isEqualTo(model.countTokens(told))
                    .isNotEqualTo(model.countTokens(other));
            assertThat(model.chat(asked).text()).isEqualTo(model.chat(told).text());
        }
    }

    @Test
    void writesATagForEachPictureOfAQuestionWithoutTags() {
        Image seed = Image.open(TinyCheckpoint.picture("seed.png"));
        try (InternVL model = load(tiny())) {
            ChatRequest untagged = ChatRequest.of("Which?", seed, seed);
            assertThat(model.countTokens(untagged))
                    .isEqualTo(model.countTokens(ChatRequest.of("<image>\n<image>\nWhich?", seed, seed)))
                    .isNotEqualTo(model.countTokens(ChatRequest.of("<image>\nWhich?", seed, seed)));
        }
    }

    @Test
    void takesTilesFromTheImageProcessor() throws Exception {
        Path model = tiny().model();
        edit(
                model,
                "preprocessor_config.json",
                text -> text.replace("\"max_tiles\":12", "\"max_tiles\":5")
                        .replace("\"use_thumbnail\":true", "\"use_thumbnail\":false"));

        ModelConfig config = Checkpoint.config(model);

        assertThat(config.maxTiles()).isEqualTo(5);
        assertThat(config.thumbnail()).isFalse();
    }

    @Test
    void takesWhatASavedFileLeavesOutFromItsClass() throws Exception {
        Path model = tiny().model();
        ModelConfig whole = Checkpoint.config(model);
        edit(
                model,
                "config.json",
                text -> text.replace("\"select_layer\":-1,", "")
                        .replace("\"downsample_ratio\":0.5,", "")
                        .replace("\"hidden_act\":\"silu\",", ""));

        assertThat(Checkpoint.config(model)).isEqualTo(whole);
    }

    @Test
    void refusesAProcessorOrATemplateOfAnotherKind() throws Exception {
        Path model = tiny().model();
        edit(model, "chat_template.json", text -> text.replace("set system_message", "set message"));
        assertThatThrownBy(() -> Checkpoint.config(model))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("chat_template.json: the chat template must write");

        Path other = tiny().model();
        edit(other, "preprocessor_config.json", text -> text.replace("\"min_tiles\"", "\"min_patches\""));
        assertThatThrownBy(() -> Checkpoint.config(other)).hasMessageContaining("min_tiles: missing");
    }

    private static void edit(Path model, String file, UnaryOperator<String> change) throws Exception {
        TinyCheckpoint.edit(model.resolve(file), change);
    }
}
