package io.github.internvl.tests.conformance;

import io.github.internvl.vision.PassOrder;
import io.github.internvl.vision.tiles.PixelTiles;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which Pillow some goldens were made with: the first case whose pixels, or else visual tokens, differ between the
 * orders of resize passes decides for all of them.
 */
final class PassOrders {
    private static final double PIXELS = 1e-6;
    private static final double VISION = 1e-4;
    private static final Map<String, Finding> FOUND = new HashMap<>();

    /**
     * The pass order that was found.
     *
     * @param evidence the case that decided, in words
     */
    record Finding(PassOrder order, String evidence) {}

    private PassOrders() {}

    /** The order of all pictures of some goldens. */
    static synchronized Finding of(Goldens goldens) {
        return FOUND.computeIfAbsent(goldens.name(), name -> {
            Finding finding = find(goldens, ".pixel_values", PIXELS);
            if (finding == null) {
                finding = find(goldens, ".projector", VISION);
            }
            return finding == null
                    ? new Finding(PassOrder.ROWS_FIRST, "the default, as no case tells them apart")
                    : finding;
        });
    }

    private static @Nullable Finding find(Goldens goldens, String tensor, double tolerance) {
        for (GoldenVariant variant : goldens.variants()) {
            if (!variant.isCheckpoint()) {
                continue;
            }
            try (Subject subject = Subject.load(variant)) {
                GoldenTensors tensors = subject.tensors();
                for (GoldenCase golden : variant.cases()) {
                    String name = golden.name() + tensor;
                    if (!golden.tiles().isEmpty() && golden.tileLimit() > 0 && tensors.has(name)) {
                        Finding finding = find(subject, golden, name, tolerance);
                        if (finding != null) {
                            return finding;
                        }
                    }
                }
            }
        }
        return null;
    }

    private static @Nullable Finding find(Subject subject, GoldenCase golden, String name, double tolerance) {
        Finding finding = null;
        for (PassOrder order : PassOrder.values()) {
            List<PixelTiles> tiles = subject.tiles(golden, order);
            if (!tiles.stream().map(PixelTiles::count).toList().equals(golden.tiles())) {
                return null; // a defect of the grid, which the vision tests report
            }
            Stages stages = new Stages(subject);
            Numbers found = name.endsWith(".projector") ? stages.visualTokens(tiles) : stages.pixels(tiles);
            if (subject.tensors().compare(name, found, Double.POSITIVE_INFINITY) <= tolerance) {
                if (finding != null) {
                    return null; // both fit
                }
                finding = new Finding(order, golden + ": " + name);
            }
        }
        return finding;
    }
}
