package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.vision.Video;
import io.github.internvl.vision.tiles.PixelTiles;
import io.github.internvl.vision.tiles.TileGrid;
import io.github.internvl.vision.tiles.TilingOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/** Tile grids, pixels, hidden states of the ViT and visual tokens against the reference's. */
class VisionConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("vision");
    private static final Conformance<Subject> CONFORMANCE = new Conformance<>(REPORT, Subject::load);

    @AfterAll
    static void report(TestReporter reporter) {
        CONFORMANCE.close();
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> tablesAgree() {
        List<DynamicNode> nodes = new ArrayList<>();
        for (Goldens goldens : Goldens.all()) {
            Path tiling = goldens.folder().resolve("tiling.json");
            if (Files.exists(tiling)) {
                nodes.add(dynamicTest(goldens.name() + " tiling.json", () -> grids(goldens.name(), tiling)));
            }
            Path frames = goldens.folder().resolve("video_index.json");
            if (Files.exists(frames)) {
                nodes.add(dynamicTest(goldens.name() + " video_index.json", () -> frames(frames)));
            }
        }
        return nodes.stream();
    }

    private static void frames(Path file) {
        for (JsonElement row : Goldens.json(file).getAsJsonArray("rows")) {
            JsonObject golden = row.getAsJsonObject();
            Video.Sampling sampling =
                    Video.Sampling.frames(golden.get("num_segments").getAsInt());
            if (Goldens.has(golden, "bound")) {
                List<JsonElement> bound = golden.getAsJsonArray("bound").asList();
                sampling = sampling.between(
                        bound.get(0).getAsDouble(), bound.get(1).getAsDouble());
            }
            int frames = golden.get("last_frame_index").getAsInt() + 1;
            assertThat(sampling.indices(frames, golden.get("fps").getAsDouble()))
                    .as("%s", golden)
                    .isEqualTo(Goldens.ints(golden.get("indices")));
        }
    }

    @TestFactory
    Stream<DynamicNode> passOrderIsTheSameForAll() {
        return Goldens.all().stream()
                .map(goldens -> dynamicTest(goldens.name(), () -> {
                    PassOrders.Finding finding = PassOrders.of(goldens);
                    REPORT.note(goldens.name() + ": all pictures are resized " + finding.order() + ", by "
                            + finding.evidence());
                }));
    }

    @TestFactory
    Stream<DynamicNode> stagesAgree() {
        return CONFORMANCE.cases(golden -> !golden.tiles().isEmpty(), (golden, subject) -> {
            if (golden.api().equals("vision")) {
                extras(golden, subject);
            } else {
                stages(golden, subject);
            }
        });
    }

    private static void grids(String goldens, Path file) {
        JsonObject table = Goldens.json(file);
        List<String> columns = Goldens.strings(table.get("columns"));
        for (JsonElement row : table.getAsJsonArray("rows")) {
            int[] values = Goldens.ints(row);
            int side = values[columns.indexOf("image_size")];
            int least = values[columns.indexOf("min_num")];
            TilingOptions options = new TilingOptions(side, least, values[columns.indexOf("max_num")], true);
            int width = values[columns.indexOf("width")];
            int height = values[columns.indexOf("height")];
            assertThat(options.grid(width, height))
                    .as("%s: grid of %s", goldens, row)
                    .isEqualTo(new TileGrid(
                            values[columns.indexOf("tiles_across")], values[columns.indexOf("tiles_down")]));
            REPORT.checked(goldens + "/tiling.json", "grids");
        }
    }

    private static void stages(GoldenCase golden, Subject subject) {
        List<PixelTiles> tiles = subject.tiles(golden);
        assertThat(tiles.stream().map(PixelTiles::count))
                .as("%s: tiles of each picture", golden)
                .isEqualTo(golden.tiles());
        REPORT.checked(golden.variant().name(), "tile counts");
        Checks checks = new Checks(golden, subject.tensors());
        if (!checks.wants("pixel_values", "projector", "pixel_shuffle", "vit_last_hidden", "vit_layers_tile0_token1")) {
            return;
        }
        Stages stages = new Stages(subject);
        Numbers pixels = stages.pixels(tiles);
        checks.compare("pixel_values", pixels, Conformance.PIXELS);
        checks.compare("projector", stages.visualTokens(tiles), Conformance.VISION);
        if (checks.wants("vit_layers_tile0_token1")) {
            checks.compare("vit_layers_tile0_token1", firstPatch(stages, pixels.slice(0, 1)), Conformance.VISION);
        }
        if (checks.wants("vit_last_hidden")) {
            checks.compare("vit_last_hidden", stages.hidden(pixels, -1), Conformance.VISION);
        }
        Numbers selected = stages.hidden(pixels, stages.selectedLayer());
        Numbers unshuffled = stages.unshuffled(selected, stages.isUnshuffledByColumns());
        checks.compare("pixel_shuffle", unshuffled, Conformance.VISION);
        checks.compare("projector", stages.projected(unshuffled), Conformance.VISION);
    }

    /** Hidden states [layers + 1, d] of token 1 of a tile. */
    private static Numbers firstPatch(Stages stages, Numbers tile) {
        List<Numbers> layers = new ArrayList<>();
        for (int layer = 0; layer <= stages.layers(); layer++) {
            Numbers hidden = stages.hidden(tile, layer);
            layers.add(hidden.reshaped(hidden.shape()[1], hidden.shape()[2]).slice(1, 1));
        }
        return Numbers.join(layers);
    }

    /** A case of tensors alone: other layers, other orders of visual tokens, other resolutions. */
    private static void extras(GoldenCase golden, Subject subject) {
        GoldenTensors tensors = subject.tensors();
        Checks checks = new Checks(golden, tensors);
        Stages stages = new Stages(subject);
        Numbers all = stages.pixels(subject.tiles(golden));
        Numbers pixels = checks.wants("pixel_values")
                ? all.slice(0, (int) tensors.shape(golden.name() + ".pixel_values")[0])
                : all;
        boolean byColumns = stages.isUnshuffledByColumns();
        for (String name : tensors.names(golden.name() + ".")) {
            String kind = name.substring(golden.name().length() + 1);
            int dot = kind.indexOf('.');
            if (dot >= 0) {
                other(checks, tensors, stages, kind.substring(0, dot), kind.substring(dot + 1));
            } else if (kind.equals("pixel_values")) {
                checks.compare(kind, pixels, Conformance.PIXELS);
            } else if (kind.startsWith("select_layer_")) {
                int layer = Integer.parseInt(kind.substring("select_layer_".length()));
                Numbers unshuffled = stages.unshuffled(stages.hidden(pixels, layer), byColumns);
                checks.compare(kind, stages.projected(unshuffled), Conformance.VISION);
            } else if (kind.equals("ps_v1") || kind.equals("ps_v2")) {
                Numbers hidden = stages.hidden(pixels, stages.selectedLayer());
                Numbers unshuffled = stages.unshuffled(hidden, kind.equals("ps_v1"));
                checks.compare(kind, stages.projected(unshuffled), Conformance.VISION);
            } else {
                REPORT.skipped(golden + " " + kind, "unknown tensor");
            }
        }
    }

    /** Pixels of another resolution, which the goldens give, and what the model makes of them. */
    private static void other(Checks checks, GoldenTensors tensors, Stages stages, String part, String kind) {
        String input = checks.golden().name() + "." + part + ".pixel_values";
        if (!tensors.isWhole(input)) {
            REPORT.skipped(checks.golden() + " " + part + "." + kind, "its pixels are not stored whole");
            return;
        }
        Numbers pixels = new Numbers(tensors.floats(input), tensors.shape(input));
        switch (kind) {
            case "pixel_values" -> {}
            case "vit_last_hidden" -> checks.compare(part + "." + kind, stages.hidden(pixels, -1), Conformance.VISION);
            case "projector" -> {
                Numbers hidden = stages.hidden(pixels, stages.selectedLayer());
                Numbers unshuffled = stages.unshuffled(hidden, stages.isUnshuffledByColumns());
                checks.compare(part + "." + kind, stages.projected(unshuffled), Conformance.VISION);
            }
            default -> REPORT.skipped(checks.golden() + " " + part + "." + kind, "unknown tensor");
        }
    }

    /** Compares and counts the tensors of one case. */
    private record Checks(GoldenCase golden, GoldenTensors tensors) {
        boolean wants(String... kinds) {
            return Stream.of(kinds).anyMatch(kind -> tensors.has(golden.name() + "." + kind));
        }

        void compare(String kind, Numbers found, double tolerance) {
            String name = golden.name() + "." + kind;
            if (tensors.has(name)) {
                String title = golden.api().equals("vision") ? "extra " + kind : kind;
                REPORT.checked(golden.variant().name(), title, tensors.compare(name, found, tolerance));
            }
        }
    }
}
