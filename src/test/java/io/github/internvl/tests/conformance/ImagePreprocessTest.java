package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.ImageOptions;
import io.github.internvl.vision.PassOrder;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.tiles.ImageProcessor;
import io.github.internvl.vision.tiles.PixelTiles;
import io.github.internvl.vision.tiles.TileGrid;
import io.github.internvl.vision.tiles.TilingOptions;
import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * Pictures against the reference's preprocessing goldens, by SHA-256. The goldens lie in the folder that the system
 * property {@code internvl.goldens} names ({@code -Dinternvl.goldens=FOLDER}); without it these tests are skipped.
 */
class ImagePreprocessTest {
    private static final double MEAN_TOLERANCE = 1;

    private final ImageProcessor processor = new ImageProcessor();
    private final List<String> differences = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();
    private int images;
    private int errors;
    private int cases;

    @Test
    void picturesAndTilesEqualTheReference(TestReporter reporter) throws IOException {
        Path folder = Goldens.part("preprocess").resolve("goldens");
        assumeTrue(Files.isDirectory(folder), () -> "no image goldens: " + folder);
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
        }
        for (Path file : files) {
            compare(folder.resolveSibling("images"), json(file).getAsJsonObject());
        }
        reporter.publishEntry("images", Integer.toString(images));
        reporter.publishEntry("tile cases", Integer.toString(cases));
        reporter.publishEntry("errors", Integer.toString(errors));
        reporter.publishEntry("skipped", skipped.toString());
        assertThat(differences).isEmpty();
        assertThat(images).as("images compared").isPositive();
    }

    @Test
    void gridsEqualTheReference(TestReporter reporter) throws IOException {
        Path file = Goldens.part("preprocess").resolve("grids.csv");
        assumeTrue(Files.exists(file), () -> "no grid goldens: " + file);
        List<String[]> rows = csv(file);
        for (String[] row : rows) {
            TilingOptions options =
                    new TilingOptions(number(row[4]), number(row[2]), number(row[3]), Boolean.parseBoolean(row[5]));
            TileGrid grid = options.grid(number(row[0]), number(row[1]));
            if (!grid.equals(new TileGrid(number(row[6]), number(row[7])))
                    || grid.tiles(options.thumbnail()) != number(row[8])) {
                differences.add(String.join(",", row) + ": " + grid);
            }
        }
        reporter.publishEntry("grids", Integer.toString(rows.size()));
        assertThat(differences).isEmpty();
        assertThat(rows).isNotEmpty();
    }

    @Test
    void candidateGridsAreTriedInTheReferencesOrder(TestReporter reporter) throws IOException {
        Path file = Goldens.part("preprocess").resolve("candidates.csv");
        assumeTrue(Files.exists(file), () -> "no candidate goldens: " + file);
        List<String[]> rows = csv(file);
        for (String[] row : rows) {
            String order = new TilingOptions(448, number(row[0]), number(row[1]), true)
                    .grids().stream()
                            .map(grid -> grid.columns() + "x" + grid.rows())
                            .collect(Collectors.joining(" "));
            if (!order.equals(row[2])) {
                differences.add(String.join(",", row) + ": " + order);
            }
        }
        reporter.publishEntry("candidate orders", Integer.toString(rows.size()));
        assertThat(differences).isEmpty();
        assertThat(rows).isNotEmpty();
    }

    @Test
    void tilingDecisionsOfTheConformanceSetAreMade(TestReporter reporter) throws IOException {
        Path file = Goldens.part("conformance").resolve("tiling.json");
        assumeTrue(Files.exists(file), () -> "no tiling goldens: " + file);
        JsonObject table = json(file).getAsJsonObject();
        List<String> columns = table.getAsJsonArray("columns").asList().stream()
                .map(JsonElement::getAsString)
                .toList();
        assertThat(columns)
                .containsExactly("width", "height", "min_num", "max_num", "image_size", "tiles_across", "tiles_down");
        for (JsonElement element : table.getAsJsonArray("rows")) {
            List<Integer> row = ints(element);
            TilingOptions options = new TilingOptions(row.get(4), row.get(2), row.get(3), true);
            TileGrid grid = options.grid(row.get(0), row.get(1));
            if (!grid.equals(new TileGrid(row.get(5), row.get(6)))) {
                differences.add(row + ": " + grid);
            }
        }
        reporter.publishEntry(
                "tiling decisions",
                Integer.toString(table.getAsJsonArray("rows").size()));
        assertThat(differences).isEmpty();
    }

    private void compare(Path folder, JsonObject golden) {
        Path file = folder.resolve(Path.of(golden.get("file").getAsString()).getFileName());
        boolean decodable = "ok".equals(golden.get("status").getAsString());
        try {
            Image image = Image.open(file);
            if (!decodable) {
                differences.add(file + ": decoded, but the reference fails: " + golden.get("message"));
                return;
            }
            images++;
            if (golden.get("format").getAsString().equals("AVIF")) {
                compareColours(file + " as stored", image, golden.getAsJsonObject("reference"));
                return;
            }
            compare(file + " as stored", image, golden.getAsJsonObject("reference"));
            if (golden.has("alternative")) {
                JsonArray others = golden.getAsJsonObject("alternative").getAsJsonArray("cases");
                compareTiles(file + " by Pillow 13", image, others, PassOrder.LESS_WORK_FIRST);
            }
            if (golden.has("exif_transposed") && golden.get("exif_transposed").isJsonObject()) {
                Image upright = Image.open(file, ImageOptions.defaults().withApplyExifOrientation(true));
                compare(file + " upright", upright, golden.getAsJsonObject("exif_transposed"));
            }
        } catch (MediaException e) {
            if (!decodable) {
                errors++;
                if (!reasons(golden).contains(e.reason())) {
                    differences.add(file + ": " + e.reason() + " for " + golden.get("message") + ": " + e.getMessage());
                }
            } else if (isKnownGap(golden, e)) {
                skipped.add(e.getMessage());
            } else {
                differences.add(e.getMessage());
            }
        }
    }

    /** FFmpeg spreads colours of half the resolution otherwise than libavif does; internvl-video compares all pixels. */
    private void compareColours(String what, Image image, JsonObject golden) {
        ByteBuffer rgb = image.rgb();
        double[] means = new double[3];
        for (int i = 0; i < rgb.limit(); i++) {
            means[i % 3] += (rgb.get(i) & 0xff) / (rgb.limit() / 3.0);
        }
        JsonArray expected = golden.getAsJsonArray("rgb_mean");
        for (int channel = 0; channel < means.length; channel++) {
            double difference = Math.abs(means[channel] - expected.get(channel).getAsDouble());
            if (difference > MEAN_TOLERANCE
                    || image.width() != golden.get("width").getAsInt()) {
                differences.add(what + ": " + image + ", channel " + channel + " " + difference + " off on average");
            }
        }
    }

    /** Arithmetic-coded JPEG has no decoder in JDKs that bundle libjpeg 6b. */
    private static boolean isKnownGap(JsonObject golden, MediaException failure) {
        boolean arithmetic = golden.get("format").getAsString().equals("JPEG")
                && String.valueOf(failure.getMessage()).contains("arithmetic");
        return failure.reason() == Reason.UNSUPPORTED_FORMAT && arithmetic;
    }

    private static Set<Reason> reasons(JsonObject golden) {
        String exception = golden.get("exception").getAsString();
        if (exception.endsWith("DecompressionBombError")) {
            return EnumSet.of(Reason.TOO_LARGE);
        }
        if (golden.get("bytes").getAsLong() == 0) {
            return EnumSet.of(Reason.EMPTY);
        }
        if (exception.endsWith("UnidentifiedImageError")) {
            return EnumSet.of(Reason.NOT_AN_IMAGE, Reason.UNSUPPORTED_FORMAT, Reason.CORRUPT, Reason.TRUNCATED);
        }
        return golden.get("message").getAsString().contains("truncated")
                ? EnumSet.of(Reason.TRUNCATED)
                : EnumSet.of(Reason.CORRUPT, Reason.TRUNCATED);
    }

    private void compare(String name, Image image, JsonObject expected) {
        check(name + ", width", image.width(), expected.get("width").getAsInt());
        check(name + ", height", image.height(), expected.get("height").getAsInt());
        check(name + ", rgb", sha256(image.rgb()), expected.get("rgb_sha256").getAsString());
        compareTiles(name, image, expected.getAsJsonArray("cases"), PassOrder.ROWS_FIRST);
    }

    /** Compares all cases but those that are null, which stand for no difference from another block. */
    private void compareTiles(String name, Image image, JsonArray expected, PassOrder order) {
        for (JsonElement element : expected) {
            if (element.isJsonNull()) {
                continue;
            }
            JsonObject one = element.getAsJsonObject();
            TilingOptions options = new TilingOptions(
                    one.get("image_size").getAsInt(),
                    one.get("min_num").getAsInt(),
                    one.get("max_num").getAsInt(),
                    one.get("use_thumbnail").getAsBoolean(),
                    order);
            PixelTiles tiles = processor.tile(image, options);
            String title = name + ", " + options;
            List<Integer> grid = ints(one.get("grid"));
            check(title + ", grid", tiles.grid(), new TileGrid(grid.get(0), grid.get(1)));
            check(title + ", count", tiles.count(), one.get("tiles").getAsInt());
            List<String> hashes = new ArrayList<>();
            int bytes = tiles.tileSize() * tiles.tileSize() * 3;
            for (int tile = 0; tile < tiles.count(); tile++) {
                hashes.add(sha256(tiles.bytes().slice(tile * bytes, bytes)));
            }
            List<String> expectedHashes = one.getAsJsonArray("tile_sha256").asList().stream()
                    .map(JsonElement::getAsString)
                    .toList();
            check(title + ", tiles", hashes, expectedHashes);
            cases++;
        }
    }

    private void check(String name, Object actual, Object expected) {
        if (!actual.equals(expected)) {
            differences.add(name + ": expected " + expected + ", found " + actual);
        }
    }

    private static List<String[]> csv(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .skip(1)
                .map(line -> line.split(",", -1))
                .toList();
    }

    private static JsonElement json(Path file) throws IOException {
        try (Reader reader = Files.newBufferedReader(file)) {
            return JsonParser.parseReader(reader);
        }
    }

    private static List<Integer> ints(JsonElement array) {
        return array.getAsJsonArray().asList().stream()
                .map(JsonElement::getAsInt)
                .toList();
    }

    private static int number(String text) {
        return Integer.parseInt(text);
    }

    private static String sha256(ByteBuffer bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
