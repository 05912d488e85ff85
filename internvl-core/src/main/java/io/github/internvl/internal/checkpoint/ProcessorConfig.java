package io.github.internvl.internal.checkpoint;

import io.github.internvl.CheckpointException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How transformers' own processor makes tiles of pictures: {@code processor_config.json} with a section
 * {@code image_processor} (transformers 5), or {@code preprocessor_config.json} (4).
 *
 * @param minTiles {@code min_patches}
 * @param maxTiles {@code max_patches}
 */
record ProcessorConfig(int minTiles, int maxTiles) {
    private static final String OLDER = "preprocessor_config.json";
    private static final String NEWER = "processor_config.json";
    private static final List<Double> MEAN = List.of(0.485, 0.456, 0.406);
    private static final List<Double> DEVIATION = List.of(0.229, 0.224, 0.225);
    private static final int BICUBIC = 3;
    private static final double CLOSE = 1e-6;

    /**
     * Reads both files, as far as they are there, and checks what decides pixels.
     *
     * @param config config.json, which they lie beside
     * @param tileSize side of a tile that the ViT is made for
     * @param tokens visual tokens of a tile
     */
    static ProcessorConfig read(ConfigReader config, int tileSize, int tokens) {
        ConfigReader newer = config.beside(NEWER);
        ConfigReader older = config.beside(OLDER);
        sequence(config, tokens);
        sequence(newer, tokens);
        List<ProcessorConfig> found = new ArrayList<>();
        section(newer, "image_processor").ifPresent(image -> found.add(image(image, tileSize)));
        if (!older.keys().isEmpty()) {
            found.add(image(older, tileSize));
        }
        section(newer, "video_processor").ifPresent(video -> pixels(video, tileSize));
        ConfigReader video = config.beside("video_preprocessor_config.json");
        if (!video.keys().isEmpty()) {
            pixels(video, tileSize);
        }
        if (found.isEmpty()) {
            throw new CheckpointException(older.file() + ": missing, and " + NEWER
                    + " has no image_processor; one of them must say how pictures are tiled, so fetch it as well");
        }
        if (found.size() > 1 && !found.get(0).equals(found.get(1))) {
            throw new CheckpointException(newer.file() + " and " + OLDER + ": min_patches and max_patches must agree: "
                    + found.get(0) + " and " + found.get(1) + "; remove the file that is not meant");
        }
        return found.get(0);
    }

    private static Optional<ConfigReader> section(ConfigReader file, String key) {
        return file.has(key) ? Optional.of(file.section(key)) : Optional.empty();
    }

    private static void sequence(ConfigReader place, int tokens) {
        String key = "image_seq_length";
        if (place.has(key) && place.number(key) != tokens) {
            throw place.wrong(key, place.number(key), tokens + ", as image_size, patch_size and downsample_ratio give");
        }
    }

    private static ProcessorConfig image(ConfigReader image, int tileSize) {
        if (image.has("image_processor_type")
                && !image.text("image_processor_type").startsWith("GotOcr2ImageProcessor")) {
            throw image.wrong("image_processor_type", image.text("image_processor_type"), "GotOcr2ImageProcessor");
        }
        pixels(image, tileSize);
        int min = image.number("min_patches");
        int max = image.number("max_patches");
        if (min > max) {
            throw image.wrong("min_patches", min, "1.." + max + ", up to max_patches");
        }
        return new ProcessorConfig(min, max);
    }

    private static void pixels(ConfigReader place, int tileSize) {
        if (place.side("size") != tileSize) {
            throw place.wrong("size", place.side("size"), tileSize + ", the ViT's image_size");
        }
        close(place, "image_mean", MEAN);
        close(place, "image_std", DEVIATION);
        for (String key : List.of("do_resize", "do_rescale", "do_normalize")) {
            place.expect(key, true);
        }
        place.expect("do_center_crop", false);
        if (place.signed("resample", BICUBIC) != BICUBIC) {
            throw place.wrong("resample", place.signed("resample"), BICUBIC + ", bicubic");
        }
        if (Math.abs(place.real("rescale_factor", 1 / 255.0) * 255 - 1) > CLOSE) {
            throw place.wrong("rescale_factor", place.real("rescale_factor"), "1/255");
        }
    }

    private static void close(ConfigReader place, String key, List<Double> known) {
        List<Double> found = place.reals(key);
        boolean same = found.size() == known.size();
        for (int i = 0; same && i < known.size(); i++) {
            same = Math.abs(found.get(i) - known.get(i)) < CLOSE;
        }
        if (!same) {
            throw place.wrong(key, found, known.toString());
        }
    }
}
