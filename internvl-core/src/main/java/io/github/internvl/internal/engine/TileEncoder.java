package io.github.internvl.internal.engine;

import io.github.internvl.internal.engine.SlotContent.TileHash;
import io.github.internvl.internal.model.VisionEncoder;
import io.github.internvl.internal.observe.Trace;
import io.github.internvl.internal.torch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Gets the visual tokens of sequences: from the cache, or through the ViT, a few tiles together and a few layers at a time, so
 * that the answers of others wait no longer for it than for a chunk of a prompt. The engine's thread owns it.
 */
final class TileEncoder implements AutoCloseable {
    private final VisionEncoder vision;
    private final VisualCache cache;
    private final int mostTiles;
    private final long mostMultiplications;
    private Trace.@Nullable Span span; // of the one pass that is under way

    /**
     * Makes an encoder.
     *
     * @param cacheBytes the most bytes of visual tokens to cache
     * @param tiles the most tiles that go through the ViT together
     * @param multiplications the approximate number of multiplications in a turn
     */
    TileEncoder(VisionEncoder vision, long cacheBytes, int tiles, long multiplications) {
        this.vision = vision;
        this.cache = new VisualCache(cacheBytes / vision.bytesPerTile());
        this.mostTiles = tiles;
        this.mostMultiplications = multiplications;
    }

    /** An empty place for a sequence's visual tokens. */
    VisualTokens none() {
        return new VisualTokens(cache, vision.tokensPerTile());
    }

    /** Runs the next few layers of the ViT for a sequence, or takes its next tiles from the cache. */
    void advance(Sequence sequence) {
        long start = System.nanoTime();
        VisionEncoder.Pass pass = sequence.pass();
        if (pass == null) {
            int known = takeCached(sequence);
            int count = sequence.needsVision() ? uncached(sequence) : 0;
            span = Trace.vision(count, known);
            if (count == 0) {
                span.commit();
                sequence.spendOnVision(System.nanoTime() - start);
                return;
            }
            pass = vision.begin(sequence.pictures(), sequence.visual().count(), count);
            sequence.startPass(pass);
        }
        if (pass.advance(vision.layersWithin(mostMultiplications, pass.tiles()))) {
            int first = sequence.visual().count();
            try (Tensor tokens = pass.tokens()) {
                for (int tile = 0; tile < pass.tiles(); tile++) {
                    TileHash hash = sequence.content().tiles().get(first + tile);
                    sequence.visual().add(cache.put(hash, vision.tile(tokens, tile)));
                }
            }
            sequence.endPass();
            if (span != null) {
                span.commit();
            }
        }
        sequence.spendOnVision(System.nanoTime() - start);
    }

    /** Takes the next tiles from the cache, as far as it has them; returns their number. */
    private int takeCached(Sequence sequence) {
        int found = 0;
        while (sequence.needsVision()) {
            VisualCache.Entry known =
                    cache.hold(sequence.content().tiles().get(sequence.visual().count()));
            if (known == null) {
                break;
            }
            sequence.visual().add(known);
            sequence.reuseTile();
            found++;
        }
        return found;
    }

    /** The number of tiles to encode together: up to the next cached one. */
    private int uncached(Sequence sequence) {
        int first = sequence.visual().count();
        int count = 1;
        while (count < mostTiles
                && first + count < sequence.tiles()
                && !cache.knows(sequence.content().tiles().get(first + count))) {
            count++;
        }
        return count;
    }

    @Override
    public void close() {
        cache.close();
    }
}
