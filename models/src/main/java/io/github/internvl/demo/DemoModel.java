package io.github.internvl.demo;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A small trained InternVL in the layout of the published checkpoints, and pictures that it can be asked about, for tests
 * without a network: {@code InternVL.load(DemoModel.path())}.
 *
 * <p>It knows drawn shapes, short words and numbers, bar charts, pairs of pictures and clips of frames; its model card says
 * how well. Thread-safe. The files stay where the class path has them, if that is a folder. Files in a jar are copied into
 * the folder for temporary files once for all processes of a user, and compared at the first call in each.
 */
public final class DemoModel {
    private static final String MODEL = "internvl-demo";
    private static final String SAMPLES = "samples";

    private static final List<String> MODEL_FILES = List.of(
            "config.json",
            "generation_config.json",
            "preprocessor_config.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "model.safetensors");

    private static final List<String> SAMPLE_FILES = List.of(
            "shapes.png",
            "shapes-changed.png",
            "shapes-wide.png",
            "word.png",
            "number.png",
            "chart.png",
            "clip-1.png",
            "clip-2.png",
            "clip-3.png",
            "clip-4.png",
            "clip.mp4");

    private static final Map<String, Path> FOLDERS = new ConcurrentHashMap<>();

    private DemoModel() {}

    /**
     * The folder of the checkpoint, not to be changed.
     *
     * @throws java.io.UncheckedIOException if the files cannot be copied out of a jar
     */
    public static Path path() {
        return folder(MODEL, MODEL_FILES);
    }

    /**
     * A sample, not to be changed: {@code shapes.png}, {@code shapes-changed.png}, {@code shapes-wide.png}, {@code
     * word.png}, {@code number.png}, {@code chart.png}, a frame of a clip, {@code clip-1.png} to {@code clip-4.png}, or the whole
     * clip as a video, {@code clip.mp4}.
     *
     * @throws IllegalArgumentException if there is no picture of that name
     * @throws java.io.UncheckedIOException if the files cannot be copied out of a jar
     */
    public static Path sample(String name) {
        if (!SAMPLE_FILES.contains(name)) {
            throw new IllegalArgumentException("no sample is called " + name + "; there are " + SAMPLE_FILES);
        }
        return folder(SAMPLES, SAMPLE_FILES).resolve(name);
    }

    private static Path folder(String name, List<String> files) {
        return FOLDERS.computeIfAbsent(name, missing -> ResourceFolder.of(missing, files));
    }
}
