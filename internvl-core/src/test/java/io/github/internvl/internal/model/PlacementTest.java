package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.DevicePlan;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.tiles.ImageProcessor;
import io.github.internvl.vision.tiles.PixelTiles;
import io.github.internvl.vision.tiles.TilingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("any-jdk")
class PlacementTest {
    static Stream<Path> checkpoints() {
        return Stream.of(TinyCheckpoint.qwen(), TinyCheckpoint.internlm2(), TinyCheckpoint.resized());
    }

    /** To libtorch {@code cpu:0} is another device than {@code cpu}: tensors are really copied from one to the other. */
    @ParameterizedTest
    @MethodSource("checkpoints")
    void answersTheSameOverTwoDevices(Path folder) throws IOException {
        int layers = Checkpoint.open(folder).config().language().layers();
        List<String> mixed = IntStream.range(0, layers)
                .mapToObj(i -> i % 2 == 0 ? "cpu" : "cpu:0")
                .toList();
        float[] together = logits(folder, DevicePlan.single(Precision.FLOAT32, "cpu"));
        List<String> onCpu = Collections.nCopies(layers, "cpu");

        assertThat(logits(folder, plan(Precision.FLOAT32, "cpu", "cpu:0", "cpu", mixed, "cpu:0")))
                .containsExactly(together);
        assertThat(logits(folder, plan(Precision.FLOAT32, "cpu:0", "cpu", "cpu:0", onCpu, "cpu")))
                .containsExactly(together);
    }

    @Test
    void answersTheSameInEightBitsOverTwoDevices() throws IOException {
        Path folder = TinyCheckpoint.qwen();
        DevicePlan mixed = plan(Precision.INT8, "cpu", "cpu", "cpu", List.of("cpu:0", "cpu", "cpu:0"), "cpu:0");
        assertThat(logits(folder, mixed)).containsExactly(logits(folder, DevicePlan.single(Precision.INT8, "cpu")));
    }

    @Test
    void takesHiddenStatesToTheDeviceOfEachLayer() {
        assertThatThrownBy(() -> logits(TinyCheckpoint.qwen(), placed(List.of("cpu", "meta", "cpu"), "cpu")))
                .hasMessageContaining("Meta tensors")
                .hasMessageContaining("aten::roll");
        assertThatThrownBy(() -> logits(TinyCheckpoint.qwen(), placed(List.of("cpu", "cpu", "cpu"), "meta")))
                .hasMessageContaining("in host");
    }

    private static DevicePlan placed(List<String> layers, String head) {
        return plan(Precision.FLOAT32, "cpu", "cpu", "cpu", layers, head);
    }

    private static DevicePlan plan(
            Precision precision, String vision, String projector, String embedding, List<String> layers, String head) {
        return new DevicePlan(precision, vision, projector, embedding, layers, head, Map.of());
    }

    /** Logits after a prompt with a picture, and after one token more. */
    private static float[] logits(Path folder, DevicePlan places) throws IOException {
        Checkpoint checkpoint = Checkpoint.open(folder);
        TilingOptions one = TilingOptions.defaults()
                .withMaxTiles(1)
                .withTileSize(checkpoint.config().tileSize());
        PixelTiles tile = new ImageProcessor(1).tile(Image.open(TinyCheckpoint.picture("meadow.png")), one);
        try (Models models = Models.load(
                        checkpoint, new Models.Format(NumberFormat.FLOAT32, places, false, false), bytes -> {});
                Tensor visual = models.vision().encode(List.of(tile), 0, 1)) {
            int count = models.vision().tokensPerTile();
            int[] ids = IntStream.range(3, 3 + count + 2).toArray();
            int[] marked = IntStream.range(1, 1 + count).toArray();
            TokenChunk.Visual taken = new TokenChunk.Visual(List.of(visual), new int[] {0}, new int[] {count}, marked);
            LanguageModel model = models.language();
            model.reserve(0, ids.length + 1, 0);
            List<Float> all = new ArrayList<>();
            step(model, new TokenChunk(0, 0, ids, ids.length, taken, 1), all);
            int[] next = {9};
            step(model, new TokenChunk(0, ids.length, next, ids.length + 1, TokenChunk.Visual.NONE, 1), all);
            float[] floats = new float[all.size()];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = all.get(i);
            }
            return floats;
        }
    }

    private static void step(LanguageModel model, TokenChunk chunk, List<Float> all) {
        try (Tensor logits = model.step(List.of(chunk))) {
            for (float logit : model.floats(logits)) {
                all.add(logit);
            }
        }
    }
}
