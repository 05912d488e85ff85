package io.github.internvl.cli;

import io.github.internvl.ChatRequest;
import io.github.internvl.vision.FrameSampling;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.ImageOptions;
import io.github.internvl.vision.Video;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.web.RemoteMedia;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The pictures or the video of a question. As options they belong to the first question. */
final class Attachments {
    private static final int USUAL_FRAMES = 8;
    private static final long MOST_BYTES = 1 << 30;
    private static final Duration MOST_TIME = Duration.ofMinutes(10);

    private final List<Image> pending = new ArrayList<>();
    private @Nullable Video pendingVideo;
    private FrameSampling sampling = FrameSampling.all();

    @Option(
            names = {"-i", "--image"},
            paramLabel = "FILE",
            description =
                    "A picture of the question: PNG, JPEG, GIF, BMP, TIFF, WebP, AVIF or HEIC, or its https address. May be "
                            + "given several times.")
    private final List<String> pictures = new ArrayList<>();

    @Option(
            names = "--video",
            paramLabel = "FILE",
            description =
                    "A video of the question instead of pictures: MP4, WebM, AVI, a GIF or WebP animation and others, "
                            + "or a folder of frames.")
    private @Nullable String video;

    @Option(
            names = "--allow-host",
            paramLabel = "HOST",
            description = "Fetch pictures and videos from this host, and go nowhere else: images.example.com, "
                    + "*.example.com or localhost:8080. May be given several times.")
    private final List<String> hosts = new ArrayList<>();

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

    /** Whether the options name something on the web. */
    boolean areRemote() {
        return Stream.concat(pictures.stream(), Stream.ofNullable(video)).anyMatch(Attachments::isRemote);
    }

    /** Refuses options that make no sense together; {@code fetching} if what is on the web is fetched here. */
    void check(boolean fetching) {
        if (video != null && !pictures.isEmpty()) {
            throw new IllegalArgumentException("a question takes pictures or a video: --image and --video are given");
        }
        if (frames != null) {
            FrameSampling.frames(frames);
        }
        if (fetching && (!hosts.isEmpty() || areRemote())) {
            remote();
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

    /** Gives what the options name to a chat with a server, as it is. */
    void sendTo(ServerChat chat) throws IOException {
        for (String picture : pictures) {
            chat.addPicture(picture);
        }
        if (video != null) {
            chat.addVideo(video, frames);
        }
    }

    /** Adds a picture, and says what was added. */
    String addPicture(String place) {
        if (pendingVideo != null) {
            throw new IllegalArgumentException("a question takes pictures or a video: it has a video; /new drops it");
        }
        ImageOptions options = ImageOptions.defaults().withApplyExifOrientation(exif);
        Image picture = isRemote(place)
                ? decodeFetched(place, file -> Image.of(file, options))
                : Image.open(Path.of(place), options);
        pending.add(picture);
        return picture.width() + " x " + picture.height() + " pixels";
    }

    /** Adds a video, and says what was added. */
    String addVideo(String place) {
        if (!pending.isEmpty()) {
            throw new IllegalArgumentException(
                    "a question takes pictures or a video: it has pictures; /new drops them");
        }
        boolean folder = !isRemote(place) && Files.isDirectory(Path.of(place));
        Video opened = open(place, folder);
        FrameSampling wanted = frames != null
                ? FrameSampling.frames(frames)
                : folder ? FrameSampling.all() : FrameSampling.frames(USUAL_FRAMES);
        sampling = wanted.between(from, to);
        pendingVideo = opened;
        return String.format(Locale.ROOT, "%d frames, %.4g a second", opened.frameCount(), opened.framesPerSecond());
    }

    private Video open(String place, boolean folder) {
        if (isRemote(place)) {
            return decodeFetched(place, Video::of);
        }
        return folder ? Video.folder(Path.of(place)) : Video.open(Path.of(place));
    }

    private <T> T decodeFetched(String place, Function<byte[], T> decoder) {
        byte[] file = remote().fetch(URI.create(place));
        try {
            return decoder.apply(file);
        } catch (MediaException e) {
            throw new MediaException(e.reason(), place + ": " + e.getMessage(), e);
        }
    }

    private static boolean isRemote(String place) {
        return place.regionMatches(true, 0, "http://", 0, 7) || place.regionMatches(true, 0, "https://", 0, 8);
    }

    /** The hosts that were named: by the one who sits here, so they may be near. */
    private RemoteMedia remote() {
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException(
                    "a file on the web needs its host to be named: --allow-host images.example.com");
        }
        RemoteMedia.Builder builder = RemoteMedia.builder().maxBytes(MOST_BYTES).timeout(MOST_TIME);
        hosts.forEach(builder::allowPrivateHost);
        return builder.build();
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
