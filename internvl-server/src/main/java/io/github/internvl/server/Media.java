package io.github.internvl.server;

import io.github.internvl.RequestBudget.Work;
import io.github.internvl.vision.FrameSampling;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.ImageOptions;
import io.github.internvl.vision.Video;
import io.github.internvl.vision.VideoOptions;
import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.web.RemoteMedia;
import io.github.internvl.web.RemoteMediaException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Pictures and videos of requests, from {@code data:} URLs, or from the web where that is allowed: as many are decoded at once
 * as there are processors, and what they take counts against the request's share of memory, before it is taken.
 * Thread-safe.
 */
final class Media {
    private static final int USUAL_FRAMES = 8;
    private static final int MOST_FRAMES = 1024;
    private static final int BYTES_OF_A_PIXEL = 3;
    private static final int DECODING_BYTES_OF_A_PIXEL =
            8; // four samples as they are stored, and the pixel made of them
    private static final int SIXTEENTH = 16;
    private static final int LOOK_MILLIS = 20;

    private final ImageOptions images;
    private final VideoOptions videos;
    private final Optional<RemoteMedia> remote;
    private final Semaphore decoding = new Semaphore(Runtime.getRuntime().availableProcessors());

    Media(ServerOptions options) {
        images = options.images();
        videos = options.videos();
        remote = options.remoteMedia();
    }

    /** The picture that {@code image_url} names. */
    Image image(Fields place, Memory.Share memory) {
        String url = place.needed("url");
        try {
            byte[] fetched = isRemote(url) ? fetch(place, url, memory) : null;
            requireData(place, url, fetched);
            return decode(place, memory, images.maxPixels(), DECODING_BYTES_OF_A_PIXEL, most -> {
                        ImageOptions limit = images.withMaxPixels(most);
                        return List.of(fetched == null ? Image.ofDataUrl(url, limit) : Image.of(fetched, limit));
                    })
                    .get(0);
        } catch (MediaException e) {
            throw place.wrong("url", "is no usable picture: " + e.getMessage());
        }
    }

    /** The frames of the video that {@code video_url} names. */
    List<Image> frames(Fields place, Memory.Share memory) {
        String url = place.needed("url");
        Integer wanted = place.integer("num_frames");
        int count = wanted == null ? USUAL_FRAMES : wanted;
        if (count < 1 || count > MOST_FRAMES) {
            throw place.wrong("num_frames", "must be 1.." + MOST_FRAMES);
        }
        try {
            byte[] fetched = isRemote(url) ? fetch(place, url, memory) : null;
            requireData(place, url, fetched);
            if (FrameList.isNamedBy(url)) {
                FrameSampling sampling = wanted == null ? FrameSampling.all() : FrameSampling.frames(count);
                return listed(place, url, memory).sample(sampling);
            }
            byte[] file = fetched == null ? decoded(place, url) : fetched;
            return decode(
                    place,
                    memory,
                    videos.maxPixels(),
                    BYTES_OF_A_PIXEL,
                    most -> Video.of(file, videos.withMaxPixels(most)).sample(FrameSampling.frames(count)));
        } catch (MediaException e) {
            throw place.wrong("url", "is no usable video: " + e.getMessage());
        }
    }

    private static boolean isRemote(String url) {
        return url.regionMatches(true, 0, "http:", 0, 5) || url.regionMatches(true, 0, "https:", 0, 6);
    }

    private byte[] fetch(Fields place, String url, Memory.Share memory) {
        if (remote.isEmpty()) {
            throw place.unsupported(
                    "url",
                    "this server fetches nothing from other places: send the file itself, data:image/png;base64,…");
        }
        long most = remote.get().maxBytes();
        memory.takeForBody(most);
        try {
            byte[] file = remote.get().fetch(new URI(url));
            memory.giveForBody(most - file.length);
            return file;
        } catch (URISyntaxException | RemoteMediaException e) {
            throw place.wrong("url", "cannot be fetched: " + e.getMessage());
        }
    }

    private static void requireData(Fields place, String url, byte @Nullable [] fetched) {
        if (fetched == null && !url.regionMatches(true, 0, "data:", 0, 5)) {
            throw place.wrong("url", "must be a data: URL, such as data:image/png;base64,…");
        }
    }

    private FrameList listed(Fields place, String url, Memory.Share memory) {
        List<String> frames = List.of(base64(place, url).split(",", MOST_FRAMES + 1));
        if (frames.size() > MOST_FRAMES) {
            throw place.wrong("url", "must have at most " + MOST_FRAMES + " frames");
        }
        return new FrameList(frames, videos.maxPixels(), videos.maxFramePixels(), (frame, most) -> {
            if (most < 1) {
                throw place.wrong("url", "must have at most " + videos.maxPixels() + " pixels in all frames");
            }
            LongFunction<List<Image>> decoder = limit -> List.of(Image.ofDataUrl(frame, images.withMaxPixels(limit)));
            return decode(place, memory, most, DECODING_BYTES_OF_A_PIXEL, decoder)
                    .get(0);
        });
    }

    private static String base64(Fields place, String url) {
        int comma = url.indexOf(',');
        if (comma < 0 || !url.substring(0, comma).toLowerCase(Locale.ROOT).endsWith(";base64")) {
            throw place.wrong("url", "must be a data: URL in base64 for a video");
        }
        return url.substring(comma + 1);
    }

    private static byte[] decoded(Fields place, String url) {
        try {
            return Base64.getMimeDecoder().decode(base64(place, url));
        } catch (IllegalArgumentException e) {
            throw place.wrong("url", "is no base64: " + e.getMessage());
        }
    }

    /**
     * Decodes with memory that is taken before. A header's size is not reported, only refused above a limit, before
     * there are pixels: so the limit begins with a sixteenth and doubles, and with it what is taken.
     */
    private List<Image> decode(
            Fields place, Memory.Share memory, long mostPixels, int bytesOfAPixel, LongFunction<List<Image>> decoder) {
        awaitTurn(place, memory);
        try {
            for (long limit = (mostPixels + SIXTEENTH - 1) / SIXTEENTH; ; limit = Math.min(limit * 2, mostPixels)) {
                long unused = limit * bytesOfAPixel;
                memory.take(unused);
                try {
                    List<Image> decoded = decoder.apply(limit);
                    long bytes =
                            decoded.stream().distinct().mapToLong(Media::bytes).sum();
                    memory.budget().charge(Work.PIXELS, bytes / BYTES_OF_A_PIXEL, place.path("url"));
                    unused -= bytes;
                    return decoded;
                } catch (MediaException e) {
                    if (limit == mostPixels || e.reason() != Reason.TOO_LARGE) {
                        throw e;
                    }
                } finally {
                    memory.give(unused);
                }
            }
        } finally {
            decoding.release();
        }
    }

    /** Waits for a processor to decode on, as long as the request may. */
    private void awaitTurn(Fields place, Memory.Share memory) {
        try {
            do {
                memory.budget().check(place.path("url"));
            } while (!decoding.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Refusal.unavailable("shutting_down", "the server is being shut down; the request was not finished");
        }
    }

    private static long bytes(Image image) {
        return (long) image.width() * image.height() * BYTES_OF_A_PIXEL;
    }
}
