package io.github.internvl.internal.chat;

import io.github.internvl.ChatRequest;
import io.github.internvl.RequestBudget;
import io.github.internvl.internal.engine.PreparedRequest;
import io.github.internvl.internal.observe.Trace;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.tiles.ImageProcessor;
import io.github.internvl.vision.tiles.PixelTiles;
import io.github.internvl.vision.tiles.TilingOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Cuts the pictures of checked requests into tiles, on the caller's thread and the workers of vision. Thread-safe. */
public final class PictureTiler {
    private static final int TILED_TOGETHER = 4; // pictures between two looks at the budget

    private final ImageProcessor images = new ImageProcessor();
    private final int tokensPerTile;

    /** Makes a tiler for a model whose tiles have some number of visual tokens. */
    public PictureTiler(int tokensPerTile) {
        this.tokensPerTile = tokensPerTile;
    }

    /** Adds the tiles of its pictures to a request. */
    PreparedRequest tile(PreparedRequest request, RequestBudget budget) {
        long start = System.nanoTime();
        List<ChatRequest.Turn> turns = request.dialogue().turns();
        int count = turns.stream().mapToInt(turn -> turn.images().size()).sum();
        if (count == 0) {
            return request;
        }
        Trace.Span span = Trace.preprocess(count, request.prompt().visualPlaces().length / tokensPerTile);
        List<PixelTiles> tiles = new ArrayList<>();
        for (int i = 0; i < turns.size(); i++) {
            List<Image> own = turns.get(i).images();
            TilingOptions tiling = request.dialogue().tilings().get(i);
            for (int first = 0; first < own.size(); first += TILED_TOGETHER) {
                budget.check("pictures");
                List<Image> some = own.subList(first, Math.min(first + TILED_TOGETHER, own.size()));
                tiles.addAll(images.tile(some, tiling));
            }
        }
        span.commit();
        return request.withPictures(tiles, Duration.ofNanos(System.nanoTime() - start));
    }
}
