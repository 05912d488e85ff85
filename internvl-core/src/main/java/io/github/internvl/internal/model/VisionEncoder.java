package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.vision.PixelTiles;
import java.nio.ByteBuffer;

/** Turns tiles into visual tokens: InternViT, pixel unshuffle, projector. One thread at a time. */
public final class VisionEncoder implements AutoCloseable {
    private final ScriptModule graph;
    private final ModelConfig config;

    VisionEncoder(ScriptModule graph, ModelConfig config) {
        this.graph = graph;
        this.config = config;
    }

    /** The graph, for tests that look at its stages. */
    public ScriptModule graph() {
        return graph;
    }

    /** Visual tokens of one tile. */
    public int tokensPerTile() {
        return config.tokensPerTile();
    }

    /**
     * Encodes some tiles of a picture.
     *
     * @param tiles [tiles, side, side, 3] uint8
     * @param first the first tile to encode
     * @param count how many
     * @return visual tokens [count * tokensPerTile, h] in the model's number format; the caller closes them
     */
    public Tensor encode(PixelTiles tiles, int first, int count) {
        int side = tiles.tileSize();
        int bytes = side * side * 3;
        ByteBuffer some = tiles.bytes().slice(first * bytes, count * bytes);
        try (Tensor pixels = Tensor.of(some, count, side, side, 3)) {
            return graph.call(
                    "tokens", pixels, config.vision().layers(), config.unshuffle(), config.unshuffleByColumns());
        }
    }

    @Override
    public void close() {
        graph.close();
    }
}
