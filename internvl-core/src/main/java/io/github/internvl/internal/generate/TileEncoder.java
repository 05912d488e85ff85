package io.github.internvl.internal.generate;

import io.github.internvl.internal.model.VisionEncoder;
import io.github.internvl.internal.observe.Trace;
import io.github.internvl.internal.torch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Sees to the visual tokens of sequences: those that are known are taken as they are, the others go through the ViT, a few
 * tiles together and a few layers at a time, so that nobody waits longer for it than for a chunk of a prompt. The engine's
 * thread owns it.
 */
final class TileEncoder implements AutoCloseable {
    private final VisionEncoder vision;
    private final VisualCache cache;
    private final int mostTiles;
    private final long mostMultiplications;
    private Trace.@Nullable Span span; // of the one pass that is on its way

    /**
     * Makes an encoder.
     *
     * @param cacheBytes most bytes of visual tokens that are kept for later
     * @param tiles most tiles that go through the ViT together
     * @param multiplications about how many there may be in a turn
     */
    TileEncoder(VisionEncoder vision, long cacheBytes, int tiles, long multiplications) {
        this.vision = vision;
        this.cache = new VisualCache(cacheBytes / vision.bytesPerTile());
        this.mostTiles = tiles;
        this.mostMultiplications = multiplications;
    }

    /** The place for a sequence's visual tokens. */
    VisualTokens none() {
        return new VisualTokens(cache, vision.tokensPerTile());
    }

    /** Gets a sequence that needs it some layers nearer to its visual tokens. */
    void workFor(Sequence sequence) {
        long start = System.nanoTime();
        VisionEncoder.Pass pass = sequence.pass();
        if (pass == null) {
            int known = takeKnown(sequence);
            int count = sequence.needsVision() ? unknown(sequence) : 0;
            span = Trace.vision(count, known);
            if (count == 0) {
                span.commit();
                sequence.tookForVision(System.nanoTime() - start);
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
        sequence.tookForVision(System.nanoTime() - start);
    }

    /** Takes the next tiles that are known; how many. */
    private int takeKnown(Sequence sequence) {
        int found = 0;
        while (sequence.needsVision()) {
            VisualCache.Entry known =
                    cache.hold(sequence.content().tiles().get(sequence.visual().count()));
            if (known == null) {
                break;
            }
            sequence.visual().add(known);
            sequence.foundTile();
            found++;
        }
        return found;
    }

    /** How many tiles to encode together: up to one that is known. */
    private int unknown(Sequence sequence) {
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
