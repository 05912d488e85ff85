package io.github.internvl.internal.checkpoint;

import io.github.internvl.CheckpointException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How transformers' own processor makes tiles of pictures: {@code processor_config.json} with a section
 * {@code image_processor} (transformers 5), or {@code preprocessor_config.json} (4).
 *
 * @param minTiles {@code min_patches}; {@code min_tiles} of a converted checkpoint
 * @param maxTiles {@code max_patches}; {@code max_tiles} of a converted checkpoint
 * @param thumbnail whether a tiled picture gets a thumbnail
 * @param videoFault the setting by which the video processor makes frames of other numbers than pictures; null if none does
 */
record ProcessorConfig(
        int minTiles,
        int maxTiles,
        boolean thumbnail,
        @Nullable String videoFault) {
    /** The processor of {@code *-hf} checkpoints, in each version since its first. */
    static final Kind NATIVE = new Kind("GotOcr2ImageProcessor", "min_patches", "max_patches", 1, 12, "");

    /** The processor of converted checkpoints ({@link ConvertedConfig}), which saves all of its settings. */
    static final Kind CONVERTED =
            new Kind("InternVL2_5ImageProcessor", "min_tiles", "max_tiles", 0, 0, "use_thumbnail");

    private static final String OLDER = "preprocessor_config.json";
    private static final String NEWER = "processor_config.json";
    private static final List<Double> MEAN = List.of(0.485, 0.456, 0.406);
    private static final List<Double> DEVIATION = List.of(0.229, 0.224, 0.225);
    private static final String TYPE = "image_processor_type";
    private static final int BICUBIC = 3;
    private static final double CLOSE = 1e-6;

    /**
     * A class of processors, and the names of its settings.
     *
     * @param type its name without the ending {@code Fast}
     * @param leastTiles what its class has where both limits are absent; 0 where they must be there
     * @param mostTiles likewise
     * @param thumbnail the flag of the thumbnail; empty where there is always one
     */
    record Kind(String type, String minTiles, String maxTiles, int leastTiles, int mostTiles, String thumbnail) {}

    /**
     * Reads both files, as far as they are there, and checks what decides pixels.
     *
     * @param config config.json, which they lie beside
     * @param kind the class of the image processor
     * @param tileSize side of a tile that the ViT is made for
     * @param tokens visual tokens of a tile
     */
    static ProcessorConfig read(ConfigReader config, Kind kind, int tileSize, int tokens) {
        ConfigReader newer = config.beside(NEWER);
        ConfigReader older = config.beside(OLDER);
        sequence(config, tokens);
        sequence(newer, tokens);
        List<ProcessorConfig> found = new ArrayList<>();
        section(newer, "image_processor").ifPresent(image -> found.add(image(image, kind, tileSize)));
        if (!older.keys().isEmpty()) {
            found.add(image(older, kind, tileSize));
        }
        if (found.isEmpty()) {
            throw new CheckpointException(older.file() + ": missing, and " + NEWER
                    + " has no image_processor; one of them must say how pictures are tiled, so fetch it as well");
        }
        if (found.size() > 1 && !found.get(0).equals(found.get(1))) {
            throw new CheckpointException(newer.file() + " and " + OLDER + ": " + kind.minTiles() + " and "
                    + kind.maxTiles() + " must agree: "
                    + found.get(0) + " and " + found.get(1) + "; remove the file that is not meant");
        }
        List<ConfigReader> videos = new ArrayList<>();
        section(newer, "video_processor").ifPresent(videos::add);
        videos.add(config.beside("video_preprocessor_config.json"));
        ProcessorConfig image = found.get(0);
        return new ProcessorConfig(image.minTiles(), image.maxTiles(), image.thumbnail(), videoFault(videos, tileSize));
    }

    /** Published checkpoints have files of the video processor that were saved with its class's own settings. */
    private static @Nullable String videoFault(List<ConfigReader> videos, int tileSize) {
        try {
            videos.stream().filter(video -> !video.keys().isEmpty()).forEach(video -> pixels(video, tileSize));
            return null;
        } catch (CheckpointException e) {
            return e.getMessage();
        }
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

    private static ProcessorConfig image(ConfigReader image, Kind kind, int tileSize) {
        if (image.has(TYPE) && !image.text(TYPE).startsWith(kind.type())) {
            throw image.wrong(TYPE, image.text(TYPE), kind.type());
        }
        pixels(image, tileSize);
        if (image.has("dynamic_size") && image.side("dynamic_size") != tileSize) {
            throw image.wrong("dynamic_size", image.side("dynamic_size"), tileSize + ", the side of a tile");
        }
        boolean named = image.has(kind.minTiles()) || image.has(kind.maxTiles()) || !image.has(TYPE);
        boolean read = named || kind.leastTiles() == 0;
        int min = read ? image.number(kind.minTiles()) : kind.leastTiles();
        int max = read ? image.number(kind.maxTiles()) : kind.mostTiles();
        if (min > max) {
            throw image.wrong(kind.minTiles(), min, "1.." + max + ", up to " + kind.maxTiles());
        }
        return new ProcessorConfig(min, max, kind.thumbnail().isEmpty() || image.flag(kind.thumbnail()), null);
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
        if (place.flag("do_center_crop", false) && place.has("crop_size") && place.side("crop_size") != tileSize) {
            throw place.wrong("crop_size", place.side("crop_size"), tileSize + ", which cuts nothing off");
        }
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
