package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.vision.PixelTiles;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

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
     * Encodes some of the tiles of several pictures, which are counted through, in one pass of the ViT.
     *
     * @param pictures each [tiles, side, side, 3] uint8
     * @param first the first tile to encode
     * @param count how many, at least 1
     * @return visual tokens [count * tokensPerTile, h] in the model's number format; the caller closes them
     */
    public Tensor encode(List<PixelTiles> pictures, int first, int count) {
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
            return graph.call(
                    "tokens", parts, config.vision().layers(), config.unshuffle(), config.unshuffleByColumns());
        } finally {
            parts.forEach(Tensor::close);
        }
    }

    @Override
    public void close() {
        graph.close();
    }
}
