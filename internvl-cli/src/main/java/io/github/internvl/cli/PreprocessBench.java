package io.github.internvl.cli;

import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.tiles.ImageProcessor;
import io.github.internvl.vision.tiles.PixelTiles;
import io.github.internvl.vision.tiles.TilingOptions;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;

/** Benchmarks of preprocessing: decoding and tiling pictures, tokenizing text. */
final class PreprocessBench {
    private static final int TEXT = 1_000_000;
    private static final int SHORT = 400;

    /** Prose, code, numbers and several scripts. */
    private static final String[] WORDS =
            ("the quick brown fox jumps over a lazy dog while InternVL reads an invoice dated "
                            + "2024-11-05 totalling 1,234.56 EUR; def area(r): return 3.14159 * r ** 2 # comment\n"
                            + "\u56fe\u50cf\u8bc6\u522b\u6a21\u578b\u53ef\u4ee5\u9605\u8bfb\u8868\u683c\u3002 "
                            + "\u0411\u044b\u0441\u0442\u0440\u0430\u044f \u043b\u0438\u0441\u0430 "
                            + "\u00fcber stra\u00dfe na\u00efve caf\u00e9 \u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8 <b>html</b> "
                            + "{\"json\": [1, 2, 3]}\n")
                    .split(" ");

    private final Benchmark bench;

    PreprocessBench(Benchmark bench) {
        this.bench = bench;
    }

    /** Measures decoding and tiling of a picture file on a number of threads. */
    void picture(byte[] file, int threads) {
        ImageProcessor processor = new ImageProcessor(threads);
        Image image = Image.of(file);
        PixelTiles tiles = processor.tile(image, TilingOptions.defaults());
        Benchmark tagged = bench.with(Map.of(
                "threads",
                threads,
                "image",
                new int[] {image.width(), image.height()},
                "jpeg_bytes",
                file.length,
                "tiles",
                tiles.count()));
        tagged.measure("image_decode", "ms", () -> 1e3 * Benchmark.seconds(() -> Image.of(file)));
        tagged.measure(
                "image_resize_tiles",
                "ms",
                () -> 1e3 * Benchmark.seconds(() -> processor.tile(image, TilingOptions.defaults())));
        tagged.measure(
                "image_total",
                "ms",
                () -> 1e3 * Benchmark.seconds(() -> processor.tile(Image.of(file), TilingOptions.defaults())));
    }

    /** Measures the tokenizer on a million characters of mixed text, whole and in short pieces. */
    void text(Tokenizer tokenizer) {
        String text = mixedText(TEXT, 12345);
        int[] ids = tokenizer.encode(text);
        Benchmark tagged = bench.with(Map.of("chars", text.length(), "tokens", ids.length));
        tagged.measure(
                "tokenizer_encode", "chars/s", () -> text.length() / Benchmark.seconds(() -> tokenizer.encode(text)));
        String piece = text.substring(5000, 5000 + SHORT);
        tagged.measure(
                "tokenizer_encode_400_chars",
                "us",
                () -> 1e4
                        * Benchmark.seconds(() -> {
                            for (int i = 0; i < 100; i++) {
                                tokenizer.encode(piece);
                            }
                        }));
        tagged.measure(
                "tokenizer_decode", "tok/s", () -> ids.length / Benchmark.seconds(() -> tokenizer.decode(ids, false)));
    }

    /** Text of {@code length} characters by a rule that programs in other languages can reproduce. */
    static String mixedText(int length, long seed) {
        StringBuilder text = new StringBuilder(length + 64);
        for (long state = seed; text.length() < length; ) {
            state = (state * 1103515245L + 12345) & 0x7FFFFFFF;
            text.append(WORDS[(int) ((state >> 8) % WORDS.length)]).append(' ');
        }
        return text.substring(0, length);
    }

    /** A JPEG of quality 90 with smooth colours and grain. */
    static byte[] photo(int width, int height) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(0);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int grain = (int) (random.nextGaussian() * 4);
                int red = level(128 + 100 * Math.sin(x / 211.0) * Math.cos(y / 157.0), grain);
                int green = level(128 + 100 * Math.sin((x + y) / 97.0), grain);
                int blue = level((x / 40 + y / 40) % 2 == 0 ? 200 : 60, grain);
                picture.setRGB(x, y, red << 16 | green << 8 | blue);
            }
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try (var output = ImageIO.createImageOutputStream(file)) {
            ImageWriteParam quality = writer.getDefaultWriteParam();
            quality.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            quality.setCompressionQuality(0.9f);
            writer.setOutput(output);
            writer.write(null, new IIOImage(picture, null, null), quality);
        } catch (IOException e) {
            throw new IllegalStateException("cannot write a picture to memory: " + e.getMessage(), e);
        } finally {
            writer.dispose();
        }
        return file.toByteArray();
    }

    private static int level(double value, int grain) {
        return Math.max(0, Math.min(255, (int) value + grain));
    }
}
