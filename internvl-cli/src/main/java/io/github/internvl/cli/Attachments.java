package io.github.internvl.cli;

import io.github.internvl.ChatRequest;
import io.github.internvl.vision.FrameSampling;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.ImageOptions;
import io.github.internvl.vision.Video;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a question is asked about: pictures, or a video. As options they belong to the first question. */
final class Attachments {
    private static final int USUAL_FRAMES = 8;

    private final List<Image> pending = new ArrayList<>();
    private @Nullable Video pendingVideo;
    private FrameSampling sampling = FrameSampling.all();

    @Option(
            names = {"-i", "--image"},
            paramLabel = "FILE",
            description = "A picture of the question: PNG, JPEG, GIF, BMP, TIFF or WebP. May be given several times.")
    private final List<Path> pictures = new ArrayList<>();

    @Option(
            names = "--video",
            paramLabel = "FILE",
            description =
                    "A video of the question instead of pictures: MP4, WebM, AVI, a GIF or WebP animation and others, "
                            + "or a folder of frames.")
    private @Nullable Path video;

    @Option(
            names = "--frames",
            paramLabel = "N",
            description = "Frames to take of a video, evenly spread; without it 8, or all of a folder.")
    private @Nullable Integer frames;

    @Option(names = "--from", paramLabel = "SECONDS", description = "Where in the video to begin.")
    private double from;

    @Option(names = "--to", paramLabel = "SECONDS", description = "Where in the video to end.")
    private double to = Double.POSITIVE_INFINITY;

    @Option(names = "--exif", description = "Turn pictures as their EXIF orientation says.")
    private boolean exif;

    /** How many pictures the options name. */
    int pictures() {
        return pictures.size();
    }

    /** Refuses options that make no sense together. */
    void check() {
        if (video != null && !pictures.isEmpty()) {
            throw new IllegalArgumentException("a question takes pictures or a video: --image and --video are given");
        }
        if (frames != null) {
            FrameSampling.frames(frames);
        }
        FrameSampling.all().between(from, to);
    }

    /** Opens what the options name. */
    void open() {
        pictures.forEach(this::addPicture);
        if (video != null) {
            addVideo(video);
        }
    }

    /** Adds a picture, and says what was added. */
    String addPicture(Path file) {
        if (pendingVideo != null) {
            throw new IllegalArgumentException("a question takes pictures or a video: it has a video; /new drops it");
        }
        Image picture = Image.open(file, ImageOptions.defaults().withApplyExifOrientation(exif));
        pending.add(picture);
        return picture.width() + " x " + picture.height() + " pixels";
    }

    /** Adds a video, and says what was added. */
    String addVideo(Path file) {
        if (!pending.isEmpty()) {
            throw new IllegalArgumentException(
                    "a question takes pictures or a video: it has pictures; /new drops them");
        }
        boolean folder = Files.isDirectory(file);
        Video opened = folder ? Video.folder(file) : Video.open(file);
        FrameSampling wanted = frames != null
                ? FrameSampling.frames(frames)
                : folder ? FrameSampling.all() : FrameSampling.frames(USUAL_FRAMES);
        sampling = wanted.between(from, to);
        pendingVideo = opened;
        return String.format(Locale.ROOT, "%d frames, %.4g a second", opened.frameCount(), opened.framesPerSecond());
    }

    /** The first picture. */
    Image firstPicture() {
        return pending.get(0);
    }

    /** Gives a question what was added. */
    ChatRequest.Builder addTo(ChatRequest.Builder question) {
        return pendingVideo == null ? question.images(pending) : question.video(pendingVideo, sampling);
    }

    /** Drops what was added. */
    void clear() {
        pending.clear();
        pendingVideo = null;
    }
}
