package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.Precision;
import io.github.internvl.internal.checkpoint.Catalogue;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each published size, without its weights: the tensors of its checkpoint, and a graph of its shapes. Names and shapes are those
 * of transformers' classes on device "meta", and for the official layout renamed by the rules of make_layouts.py; no index file
 * of the hub was at hand.
 */
@Tag("any-jdk")
class LayoutTest {
    private static final Path LAYOUTS = Path.of("..", "src", "test", "resources", "goldens", "layouts");

    @TempDir
    Path folder;

    static Stream<Catalogue.Entry> sizes() {
        return Catalogue.entries().stream().filter(entry -> entry.id().matches(".*-A?\\d+B"));
    }

    /** Sizes that differ in more than the numbers of layers and experts: one of each kind of parts. */
    static Stream<Catalogue.Entry> graphs() {
        return sizes().filter(entry -> !entry.id().endsWith("241B-A28B")); // 37,540 tensors; as 30B-A3B
    }

    static Stream<Catalogue.Entry> quantized() {
        return Catalogue.entries().stream().filter(entry -> entry.id().matches(".*-\\d+B-AWQ"));
    }

    private static OfficialTensors tensors(Catalogue.Entry size) throws IOException {
        return OfficialTensors.read(LAYOUTS.resolve(size.id().replaceFirst(".*/", "") + ".txt"));
    }

    @ParameterizedTest
    @MethodSource("graphs")
    void bindsEveryPublishedTensor(Catalogue.Entry size) throws IOException {
        OfficialTensors tensors = tensors(size);
        tensors.writeHoles(folder, size.json());
        Checkpoint checkpoint = Checkpoint.open(folder);
        AtomicLong bound = new AtomicLong();
        Models.Format format = new Models.Format(NumberFormat.BFLOAT16, Precision.BFLOAT16, "meta");
        try (Models models = Models.load(checkpoint, format, bound::addAndGet)) {
            assertThat(bound).hasValue(tensors.bytes());
            computesShapes(models, checkpoint.config());
        }
    }

    /** As much as device "meta" can: no attention, no LayerNorm, no embedding of tokens. */
    private static void computesShapes(Models models, ModelConfig config) {
        ScriptModule vision = models.vision().graph();
        int side = config.tileSize();
        int visualTokens = config.tokensPerTile();
        try (Tensor tile = Tensor.of(ByteBuffer.allocateDirect(side * side * 3), 1, side, side, 3);
                Tensor pixels = vision.call("normalise", tile);
                Tensor hidden = vision.call("encode", pixels, 0);
                Tensor blocks = vision.call("unshuffle", hidden, config.unshuffle(), config.unshuffleByColumns())) {
            assertThat(hidden.shape())
                    .containsExactly(
                            1, 1 + config.vision().patches(), config.vision().width());
            assertThat(blocks.shape())
                    .containsExactly(1, visualTokens, 4L * config.vision().width());
        }
        models.language().reserve(0, config.language().positions(), 0);
    }

    /** No graph: taking 4-bit weights apart would read them. */
    @ParameterizedTest
    @MethodSource("quantized")
    void knowsEveryPublishedTensorOfQuantizedCheckpoints(Catalogue.Entry size) throws IOException {
        OfficialTensors tensors = tensors(size);
        tensors.writeHoles(folder, size.json());
        Checkpoint checkpoint = Checkpoint.open(folder);
        List<Weight> weights =
                new ArrayList<>(Layout.official(checkpoint.config()).vision());
        weights.addAll(Layout.official(checkpoint.config()).language());
        WeightLoader.check(checkpoint, weights);
        assertThat(weights).hasSameSizeAs(tensors.shapes().entrySet());
        assertThat(new Footprint(checkpoint.config()).storedBytes()).isEqualTo(tensors.bytes());
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void knowsEveryTensorOfBothLayouts(Catalogue.Entry size) throws IOException {
        compare(Layout.official(size.config()), tensors(size));
        if (size.config().language().family() == ModelConfig.Family.PHI3) {
            return; // transformers' own conversion knows none
        }
        OfficialTensors own = OfficialTensors.read(LAYOUTS.resolve(size.id().replaceFirst(".*/", "") + "-hf.txt"));
        compare(Layout.of(inTransformersLayout(size.config()), own.shapes().keySet()), own);
    }

    private static void compare(Layout layout, OfficialTensors expected) {
        List<Weight> weights = new ArrayList<>(layout.vision());
        weights.addAll(layout.language());
        assertThat(weights)
                .hasSameSizeAs(expected.shapes().entrySet())
                .allSatisfy(weight -> assertThat(expected.shapes().get(weight.stored()))
                        .as(weight.stored())
                        .isEqualTo(weight.shape()));
    }

    private static ModelConfig inTransformersLayout(ModelConfig official) {
        return new ModelConfig(
                ModelConfig.Layout.NATIVE,
                official.vision(),
                official.language(),
                official.tileSize(),
                official.unshuffle(),
                official.unshuffleByColumns(),
                official.minTiles(),
                official.maxTiles(),
                official.thumbnail(),
                official.template(),
                official.systemMessage(),
                official.endIds(),
                official.generation(),
                official.storedFormat(),
                official.videoFault());
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void countsWhatTheCheckpointHolds(Catalogue.Entry size) throws IOException {
        OfficialTensors tensors = tensors(size);
        Footprint footprint = new Footprint(size.config());
        assertThat(footprint.numbers()).isEqualTo(tensors.numbers(""));
        assertThat(footprint.vision()).isEqualTo(tensors.numbers("vision_model."));
        assertThat(footprint.projector()).isEqualTo(tensors.numbers("mlp1."));
        assertThat(footprint.layer()).isEqualTo(tensors.numbers("language_model.model.layers.0."));
        assertThat(footprint.storedBytes()).isEqualTo(tensors.bytes());
    }
}
