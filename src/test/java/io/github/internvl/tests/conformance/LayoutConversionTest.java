package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.internvl.ChatResponse;
import io.github.internvl.CheckpointException;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.Layout;
import io.github.internvl.internal.checkpoint.StoredTensor;
import io.github.internvl.internal.model.LayoutConversion;
import io.github.internvl.internal.model.LayoutConversion.Target;
import io.github.internvl.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints written in the other layout and back: the same tensors bit for bit, settings, ids and answers. */
class LayoutConversionTest {
    private static final ConformanceReport REPORT = new ConformanceReport("conversion between layouts");
    private static final int CONTEXT = 8192; // beyond the positions of a model without scaling too

    @TempDir
    Path folder;

    @AfterAll
    static void report(TestReporter reporter) {
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> returnsAllTensorsBitForBit() {
        return convertible().map(variant -> dynamicTest(variant.name(), () -> roundTrip(variant)));
    }

    private static Stream<GoldenVariant> convertible() {
        return Goldens.all().stream()
                .flatMap(goldens -> goldens.variants().stream())
                .filter(GoldenVariant::isCheckpoint)
                .filter(variant -> !variant.folder().getFileName().toString().startsWith("case-"))
                .filter(variant -> LayoutConversionTest.isExpressible(Checkpoint.config(variant.model())));
    }

    /** Transformers' own layout has one template, one order of visual tokens, and tiles of the size of the ViT's positions. */
    private static boolean isExpressible(ModelConfig config) {
        int side = config.tileSize() / config.vision().patch();
        return config.template().equals("internvl2_5")
                && !config.unshuffleByColumns()
                && config.vision().patches() == side * side;
    }

    private void roundTrip(GoldenVariant variant) throws IOException {
        Path there = folder.resolve(variant.name().replace('/', '-') + "-there");
        Path back = folder.resolve(variant.name().replace('/', '-') + "-back");
        Checkpoint original = Checkpoint.open(variant.model());
        boolean official = original.config().layout() == Layout.OFFICIAL;

        LayoutConversion.run(variant.model(), there, official ? Target.HF : Target.OFFICIAL);
        LayoutConversion.run(there, back, official ? Target.OFFICIAL : Target.HF);

        Map<String, String> tensors = tensors(original);
        assertThat(tensors(Checkpoint.open(back))).isEqualTo(tensors);
        assertThat(Checkpoint.open(there).bytes()).isEqualTo(original.bytes());
        ModelConfig settings = Checkpoint.config(back);
        assertThat(settings).usingRecursiveComparison().ignoringFields("endIds").isEqualTo(original.config());
        assertThat(settings.endIds()).isEqualTo(original.config().endIds());
        REPORT.checked(variant.name(), "tensors");
        compareIds(variant, there);
        compareIds(variant, back);
        answer(variant, there);
    }

    private static Map<String, String> tensors(Checkpoint checkpoint) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        for (StoredTensor tensor : checkpoint.tensors().values()) {
            ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes());
            try (FileChannel channel = FileChannel.open(tensor.file())) {
                while (bytes.hasRemaining()) {
                    channel.read(bytes, tensor.offset() + bytes.position());
                }
            }
            contents.put(
                    tensor.name(),
                    tensor.format()
                            + Arrays.toString(tensor.shape())
                            + new String(bytes.array(), StandardCharsets.ISO_8859_1).hashCode()
                            + Arrays.hashCode(bytes.array()));
        }
        return contents;
    }

    private static void compareIds(GoldenVariant variant, Path converted) {
        try (Tokenizer before = Tokenizer.load(variant.model());
                Tokenizer after = Tokenizer.load(converted)) {
            variant.json().getAsJsonArray("tokenization").forEach(one -> {
                String text = one.getAsJsonObject().get("text").getAsString();
                if (text.contains("[UNUSED_TOKEN_")) {
                    return; // a fast tokenizer does not know placeholders by the names that chat tokens have taken over
                }
                Goldens.compareIds(variant.name() + ": " + text, before.encode(text), after.encode(text));
            });
        }
        REPORT.checked(variant.name(), "tokenizers");
    }

    /** Answers of the converted checkpoint, without a processor between: the same weights, so the same ids. */
    private static void answer(GoldenVariant variant, Path converted) {
        try (InternVL model = InternVL.builder(converted)
                .ropeScaling(variant.scaled())
                .contextLength(CONTEXT)
                .precision(Precision.FLOAT32)
                .device(Goldens.DEVICE)
                .passOrder(PassOrders.of(variant.goldens()).order())
                .load()) {
            for (GoldenCase golden : variant.cases()) {
                boolean plain = golden.api().equals("chat") && golden.isAnswered() && !golden.looksBack();
                if (plain
                        && !golden.isSearched()
                        && golden.images().size() < 2
                        && !golden.name().startsWith("ntk")) {
                    golden.rounds().forEach(round -> compare(round, model));
                }
            }
        }
    }

    private static void compare(GoldenCase.Round round, InternVL model) {
        ApiRequests asked = ApiRequests.of(round);
        if (asked.meaning() == ApiRequests.Meaning.SAME) {
            String system = asked.request().systemMessage() == null
                    ? round.golden().variant().systemMessage()
                    : asked.request().systemMessage();
            ChatResponse response =
                    model.chat(asked.request().toBuilder().systemMessage(system).build());
            assertThat(response.usage().promptTokens()).as("%s: tokens", round).isEqualTo(round.inputIds().length);
            int[] ids = response.ids().stream().mapToInt(Integer::intValue).toArray();
            Goldens.compareIds(round + ": generated_ids", round.generatedIds(), ids);
            REPORT.checked(round.golden().variant().name(), "answers");
        }
    }

    /** The official layout ends an answer at its template's stop alone, so a checkpoint that comes from it lists no other id. */
    @Test
    void keepsEndsBesideThoseOfTheTemplateForTheWayBack() throws IOException {
        Path listed = folder.resolve("listed");
        Path official = folder.resolve("official");
        Path back = folder.resolve("back");

        LayoutConversion.run(TinyCheckpoint.qwen(), listed, Target.HF);
        Set<Integer> stop = Checkpoint.config(listed).endIds();
        TinyCheckpoint.edit(
                listed.resolve("generation_config.json"), text -> text.replaceFirst("\\[[^]]*]", "[398, 396, 400]"));
        LayoutConversion.run(listed, official, Target.OFFICIAL);
        LayoutConversion.run(official, back, Target.HF);

        assertThat(stop).containsExactly(398);
        assertThat(Files.readString(official.resolve("generation_config.json")))
                .contains("396")
                .contains("398")
                .contains("400");
        assertThat(Checkpoint.config(official).endIds()).isEmpty();
        assertThat(Checkpoint.config(back).endIds()).containsExactlyInAnyOrder(396, 398, 400);
    }

    @Test
    void refusesWhatTheOtherLayoutCannotSay() {
        Path to = folder.resolve("new");
        assertThatThrownBy(() -> LayoutConversion.run(TinyCheckpoint.resized(), to, Target.HF))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("force_image_size: transformers' own layout has 40 alone");
        assertThat(to).doesNotExist();
    }

    @Test
    void refusesTheLayoutThatItIsAlready() {
        assertThatThrownBy(() -> LayoutConversion.run(TinyCheckpoint.qwen(), folder.resolve("new"), Target.OFFICIAL))
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("in the layout official already");
    }

    @Test
    void refusesAFolderThatHoldsFiles() throws IOException {
        Files.writeString(folder.resolve("notes.txt"), "mine");
        assertThatThrownBy(() -> LayoutConversion.run(TinyCheckpoint.qwen(), folder, Target.HF))
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("must be a new or an empty folder");
    }

    @Test
    void takesTheLayoutOfTheConversionScriptToo() throws IOException {
        GoldenVariant qwen =
                CaseVariants.find(Goldens.all().get(0).variants(), "tiny-qwen").orElseThrow();
        Path official = folder.resolve("official");

        LayoutConversion.run(ConvertedLayout.of(qwen).model(), official, Target.OFFICIAL);

        assertThat(tensors(Checkpoint.open(official))).isEqualTo(tensors(Checkpoint.open(qwen.model())));
        assertThat(Checkpoint.config(official).systemMessage()).isEqualTo(ConvertedLayout.SYSTEM_MESSAGE);
    }
}
