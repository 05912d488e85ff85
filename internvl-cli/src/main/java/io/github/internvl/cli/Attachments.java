package io.github.internvl.cli;

import io.github.internvl.ChatRequest;
import io.github.internvl.vision.Image;
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

/** The pictures or the video of a question. Options give those of the first question. */
final class Attachments {
    private static final int USUAL_FRAMES = 8;
    private static final long MOST_BYTES = 1 << 30;
    private static final Duration MOST_TIME = Duration.ofMinutes(10);

    private final List<Image> pending = new ArrayList<>();
    private @Nullable Video pendingVideo;
    private Video.Sampling sampling = Video.Sampling.all();

    @Option(
            names = {"-i", "--image"},
            paramLabel = "FILE",
            description =
                    "Picture for the question: a PNG, JPEG, GIF, BMP, TIFF, WebP, AVIF or HEIC file, or its https URL. "
                            + "Repeatable.")
    private final List<String> pictures = new ArrayList<>();

    @Option(
            names = "--video",
            paramLabel = "FILE",
            description =
                    "Video for the question, instead of pictures: MP4, WebM, AVI, a GIF or WebP animation and others, "
                            + "or a folder of frames.")
    private @Nullable String video;

    @Option(
            names = "--allow-host",
            paramLabel = "HOST",
            description = "Fetch pictures and videos by URL from this host only: images.example.com, *.example.com or "
                    + "localhost:8080. Repeatable.")
    private final List<String> hosts = new ArrayList<>();

    @Option(
            names = "--frames",
            paramLabel = "N",
            description = "Number of evenly spaced frames of a video. Default: 8, as the model cards' chats take, "
                    + "or all frames of a folder.")
    private @Nullable Integer frames;

    @Option(names = "--from", paramLabel = "SECONDS", description = "Start time in the video.")
    private double from;

    @Option(names = "--to", paramLabel = "SECONDS", description = "End time in the video.")
    private double to = Double.POSITIVE_INFINITY;

    @Option(names = "--exif", description = "Apply the EXIF orientation of pictures.")
    private boolean exif;

    /** The number of pictures given as options. */
    int pictures() {
        return pictures.size();
    }

    /** Whether a picture or video given as an option is a URL. */
    boolean areRemote() {
        return Stream.concat(pictures.stream(), Stream.ofNullable(video)).anyMatch(Attachments::isRemote);
    }

    /** Rejects options that cannot be combined; {@code fetching} if this process fetches URLs. */
    void check(boolean fetching) {
        if (video != null && !pictures.isEmpty()) {
            throw new IllegalArgumentException(
                    "a question takes pictures or a video, not both: --image and --video are given");
        }
        if (frames != null) {
            Video.Sampling.frames(frames);
        }
        if (fetching && (!hosts.isEmpty() || areRemote())) {
            remote();
        }
        Video.Sampling.all().between(from, to);
    }

    /** Opens the pictures or the video given as options. */
    void open() {
        pictures.forEach(this::addPicture);
        if (video != null) {
            addVideo(video);
        }
    }

    /** Adds the pictures or the video given as options to a chat with a server, unopened. */
    void sendTo(ServerChat chat) throws IOException {
        for (String picture : pictures) {
            chat.addPicture(picture);
        }
        if (video != null) {
            chat.addVideo(video, frames);
        }
    }

    /** Adds a picture and describes it. */
    String addPicture(String place) {
        if (pendingVideo != null) {
            throw new IllegalArgumentException(
                    "a question takes pictures or a video, not both: it has a video; /new removes it");
        }
        Image.Options options = Image.Options.defaults().withApplyExifOrientation(exif);
        Image picture = isRemote(place)
                ? decodeFetched(place, file -> Image.of(file, options))
                : Image.open(Path.of(place), options);
        pending.add(picture);
        return picture.width() + " x " + picture.height() + " pixels";
    }

    /** Adds a video and describes it. */
    String addVideo(String place) {
        if (!pending.isEmpty()) {
            throw new IllegalArgumentException(
                    "a question takes pictures or a video, not both: it has pictures; /new removes them");
        }
        boolean folder = !isRemote(place) && Files.isDirectory(Path.of(place));
        Video opened = open(place, folder);
        Video.Sampling wanted = frames != null
                ? Video.Sampling.frames(frames)
                : folder ? Video.Sampling.all() : Video.Sampling.frames(USUAL_FRAMES);
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
            String address = place.replaceFirst("\\?.*", ""); // a query may hold a secret
            throw new MediaException(e.reason(), address + ": " + e.getMessage(), e);
        }
    }

    private static boolean isRemote(String place) {
        return place.regionMatches(true, 0, "http://", 0, 7) || place.regionMatches(true, 0, "https://", 0, 8);
    }

    /** The rules for the allowed hosts; the local user names them, so private addresses are allowed. */
    private RemoteMedia remote() {
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException(
                    "a URL requires its host to be allowed: --allow-host images.example.com");
        }
        RemoteMedia.Builder builder = RemoteMedia.builder().maxBytes(MOST_BYTES).timeout(MOST_TIME);
        hosts.forEach(builder::allowPrivateHost);
        return builder.build();
    }

    /** The first picture. */
    Image firstPicture() {
        return pending.get(0);
    }

    /** Attaches the pictures or the video to a question. */
    ChatRequest.Builder addTo(ChatRequest.Builder question) {
        return pendingVideo == null ? question.images(pending) : question.video(pendingVideo, sampling);
    }

    /** Removes the pictures or the video. */
    void clear() {
        pending.clear();
        pendingVideo = null;
    }
}
