package io.github.internvl.server;

import io.github.internvl.vision.FrameSampling;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.ImageException;
import io.github.internvl.vision.ImageOptions;
import io.github.internvl.vision.Video;
import io.github.internvl.vision.VideoException;
import io.github.internvl.vision.VideoOptions;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * Pictures and videos of requests, from {@code data:} URLs: as many are decoded at once as there are processors, and what they
 * take counts against the request's share of memory. Thread-safe.
 */
final class Media {
    private static final int USUAL_FRAMES = 8;
    private static final int MOST_FRAMES = 1024;
    private static final int BYTES_OF_A_PIXEL = 3;

    private final ImageOptions images;
    private final VideoOptions videos;
    private final Semaphore decoding = new Semaphore(Runtime.getRuntime().availableProcessors());

    Media(ServerOptions options) {
        images = options.images();
        videos = options.videos();
    }

    /** The picture that {@code image_url} names. */
    Image image(Fields place, Memory.Share memory) {
        String url = dataUrl(place);
        try {
            Image image = decode(() -> Image.ofDataUrl(url, images));
            memory.take(bytes(image));
            return image;
        } catch (ImageException e) {
            throw place.wrong("url", "is no usable picture: " + e.getMessage());
        }
    }

    /** The frames of the video that {@code video_url} names. */
    List<Image> frames(Fields place, Memory.Share memory) {
        String url = dataUrl(place);
        Integer wanted = place.integer("num_frames");
        int count = wanted == null ? USUAL_FRAMES : wanted;
        if (count < 1 || count > MOST_FRAMES) {
            throw place.wrong("num_frames", "must be 1.." + MOST_FRAMES);
        }
        int comma = url.indexOf(',');
        if (comma < 0 || !url.substring(0, comma).toLowerCase(Locale.ROOT).endsWith(";base64")) {
            throw place.wrong("url", "must be a data: URL in base64 for a video");
        }
        try {
            byte[] file = Base64.getMimeDecoder().decode(url.substring(comma + 1));
            List<Image> frames = decode(() -> Video.of(file, videos).sample(FrameSampling.frames(count)));
            memory.take(frames.stream().distinct().mapToLong(Media::bytes).sum());
            return frames;
        } catch (VideoException | ImageException e) {
            throw place.wrong("url", "is no usable video: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw place.wrong("url", "is no base64: " + e.getMessage());
        }
    }

    private static String dataUrl(Fields place) {
        String url = place.needed("url");
        String scheme = url.substring(0, Math.min(5, url.length())).toLowerCase(Locale.ROOT);
        if (scheme.startsWith("http")) {
            throw place.unsupported(
                    "url",
                    "this server fetches nothing from other places: send the file itself, data:image/png;base64,…");
        }
        if (!scheme.equals("data:")) {
            throw place.wrong("url", "must be a data: URL, such as data:image/png;base64,…");
        }
        return url;
    }

    private <T> T decode(Supplier<T> decoder) {
        decoding.acquireUninterruptibly();
        try {
            return decoder.get();
        } finally {
            decoding.release();
        }
    }

    private static long bytes(Image image) {
        return (long) image.width() * image.height() * BYTES_OF_A_PIXEL;
    }
}
