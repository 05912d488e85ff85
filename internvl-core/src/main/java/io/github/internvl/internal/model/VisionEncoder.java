package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.vision.tiles.PixelTiles;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Turns tiles into visual tokens: InternViT, pixel unshuffle, projector. One thread at a time. */
public final class VisionEncoder implements AutoCloseable {
    private final ScriptModule graph;
    private final ModelConfig config;
    private final int numberBytes;

    VisionEncoder(ScriptModule graph, ModelConfig config, int numberBytes) {
        this.graph = graph;
        this.config = config;
        this.numberBytes = numberBytes;
    }

    /** Some tiles on their way through the ViT, which need not be gone in one go. */
    public final class Pass implements AutoCloseable {
        private final int tiles;
        private Tensor state; // [tiles, 1 + patches, d]
        private int layer;

        private Pass(int tiles, Tensor state) {
            this.tiles = tiles;
            this.state = state;
        }

        /** Tiles that are encoded together. */
        public int tiles() {
            return tiles;
        }

        /** Goes on by some layers, at least 1; true once all are behind it. */
        public boolean advance(int layers) {
            int end = Math.min(config.vision().layers(), layer + layers);
            try (Tensor before = state) {
                state = graph.call("run_layers", before, layer, end);
            }
            layer = end;
            return end == config.vision().layers();
        }

        /** Visual tokens [tiles * tokensPerTile, h] after the last layer, in the model's numbers; the caller closes them. */
        public Tensor tokens() {
            return graph.call("finish", state, config.unshuffle(), config.unshuffleByColumns());
        }

        @Override
        public void close() {
            state.close();
        }
    }

    /** The graph, for tests that look at its stages. */
    public ScriptModule graph() {
        return graph;
    }

    /** Visual tokens of one tile. */
    public int tokensPerTile() {
        return config.tokensPerTile();
    }

    /** Bytes of the visual tokens of one tile. */
    public long bytesPerTile() {
        return (long) tokensPerTile() * config.language().width() * numberBytes;
    }

    /** Multiplications that a tile takes, but for attention. */
    static long multiplications(ModelConfig config) {
        VisionConfig vit = config.vision();
        return vit.layers() * layerMultiplications(vit) + config.tokensPerTile() * projectorWeights(config);
    }

    private static long layerMultiplications(VisionConfig vit) {
        long weights = (long) vit.width() * (4L * vit.width() + 2L * vit.mlpWidth());
        return (1L + vit.patches()) * weights;
    }

    private static long projectorWeights(ModelConfig config) {
        long width = config.language().width();
        long patches = config.vision().patches() / config.tokensPerTile(); // of one token
        return patches * config.vision().width() * width + width * width;
    }

    /** How many layers so many tiles can pass within as many multiplications, at least 1. */
    public int layersWithin(long multiplications, int tiles) {
        VisionConfig vit = config.vision();
        long one = tiles * layerMultiplications(vit);
        return (int) Math.max(1, Math.min(vit.layers(), multiplications / one));
    }

    /**
     * Begins to encode some of the tiles of several pictures, which are counted through.
     *
     * @param pictures each [tiles, side, side, 3] uint8
     * @param first the first tile to encode
     * @param count how many, at least 1
     */
    public Pass begin(List<PixelTiles> pictures, int first, int count) {
        List<Tensor> parts = new ArrayList<>();
        int before = 0;
        for (PixelTiles picture : pictures) {
            int from = Math.max(first - before, 0);
            int to = Math.min(first + count - before, picture.count());
            if (from < to) {
                int side = picture.tileSize();
                int bytes = side * side * 3;
                ByteBuffer some = picture.bytes().slice(from * bytes, (to - from) * bytes);
                parts.add(Tensor.of(some, to - from, side, side, 3));
            }
            before += picture.count();
        }
        try {
            return new Pass(count, graph.call("begin", parts));
        } finally {
            parts.forEach(Tensor::close);
        }
    }

    /** Encodes some of the tiles of several pictures in one go, as {@link #begin} and {@link Pass#tokens} say. */
    public Tensor encode(List<PixelTiles> pictures, int first, int count) {
        try (Pass pass = begin(pictures, first, count)) {
            pass.advance(config.vision().layers());
            return pass.tokens();
        }
    }

    /** The visual tokens of one tile of those that were encoded together; the caller closes them. */
    public Tensor tile(Tensor tokens, int tile) {
        return graph.call("part", tokens, tile * tokensPerTile(), tokensPerTile());
    }

    @Override
    public void close() {
        graph.close();
    }
}
