package io.github.internvl.server.openai;

import io.github.internvl.RequestBudget.Work;
import io.github.internvl.server.http.ApiException;
import io.github.internvl.server.http.HeapBudget;
import io.github.internvl.server.http.JsonFields;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
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
 * A reader of pictures and videos, from {@code data:} URLs, or from the web if the server allows it. As many are decoded at once as
 * there are processors. The heap they need is reserved in the request's share before it is allocated. Thread-safe.
 */
final class MediaReader {
    private static final int USUAL_FRAMES = 32;
    private static final int MOST_FRAMES = 1024;
    private static final int BYTES_PER_PIXEL = 3;
    private static final int DECODING_BYTES_PER_PIXEL = 8; // four stored samples and the resulting pixel
    private static final int SIXTEENTH = 16;
    private static final int POLL_MILLIS = 20;

    private final Image.Options images;
    private final Video.Options videos;
    private final Optional<RemoteMedia> remote;
    private final Semaphore decoding = new Semaphore(Runtime.getRuntime().availableProcessors());

    MediaReader(MediaOptions options) {
        images = options.images();
        videos = options.videos();
        remote = options.remote();
    }

    /** The picture that {@code image_url} names. */
    Image image(JsonFields place, HeapBudget.Share memory) {
        String url = place.required("url");
        try {
            byte[] fetched = isRemote(url) ? fetch(place, url, memory) : null;
            requireData(place, url, fetched);
            return decode(place, memory, images.maxPixels(), DECODING_BYTES_PER_PIXEL, most -> {
                        Image.Options limit = images.withMaxPixels(most);
                        return List.of(fetched == null ? Image.ofDataUrl(url, limit) : Image.of(fetched, limit));
                    })
                    .get(0);
        } catch (MediaException e) {
            throw place.invalid("url", "is not a usable picture: " + e.getMessage());
        }
    }

    /** The frames of the video that {@code video_url} names. */
    List<Image> frames(JsonFields place, HeapBudget.Share memory) {
        String url = place.required("url");
        Integer wanted = place.integer("num_frames");
        int count = wanted == null ? USUAL_FRAMES : wanted;
        if (count < 1 || count > MOST_FRAMES) {
            throw place.invalid("num_frames", "must be 1.." + MOST_FRAMES);
        }
        try {
            byte[] fetched = isRemote(url) ? fetch(place, url, memory) : null;
            requireData(place, url, fetched);
            if (FrameList.isNamedBy(url)) {
                Video.Sampling sampling = wanted == null ? Video.Sampling.all() : Video.Sampling.frames(count);
                return listed(place, url, memory).sample(sampling);
            }
            byte[] file = fetched == null ? decoded(place, url) : fetched;
            return decode(
                    place,
                    memory,
                    videos.maxPixels(),
                    BYTES_PER_PIXEL,
                    most -> Video.of(file, videos.withMaxPixels(most)).sample(Video.Sampling.frames(count)));
        } catch (MediaException e) {
            throw place.invalid("url", "is not a usable video: " + e.getMessage());
        }
    }

    private static boolean isRemote(String url) {
        return url.regionMatches(true, 0, "http:", 0, 5) || url.regionMatches(true, 0, "https:", 0, 6);
    }

    private byte[] fetch(JsonFields place, String url, HeapBudget.Share memory) {
        if (remote.isEmpty()) {
            throw place.unsupported(
                    "url", "this server does not fetch URLs: send the file itself, data:image/png;base64,…");
        }
        long most = remote.get().maxBytes();
        memory.reserveForBody(most);
        try {
            byte[] file = remote.get().fetch(new URI(url));
            memory.releaseForBody(most - file.length);
            return file;
        } catch (URISyntaxException | RemoteMediaException e) {
            throw place.invalid("url", "cannot be fetched: " + e.getMessage());
        }
    }

    private static void requireData(JsonFields place, String url, byte @Nullable [] fetched) {
        if (fetched == null && !url.regionMatches(true, 0, "data:", 0, 5)) {
            throw place.invalid("url", "must be a data: URL, such as data:image/png;base64,…");
        }
    }

    private FrameList listed(JsonFields place, String url, HeapBudget.Share memory) {
        List<String> frames = List.of(base64(place, url).split(",", MOST_FRAMES + 1));
        if (frames.size() > MOST_FRAMES) {
            throw place.invalid("url", "must have at most " + MOST_FRAMES + " frames");
        }
        return new FrameList(frames, videos.maxPixels(), videos.maxFramePixels(), (frame, most) -> {
            if (most < 1) {
                throw place.invalid("url", "must have at most " + videos.maxPixels() + " pixels in all frames");
            }
            LongFunction<List<Image>> decoder = limit -> List.of(Image.ofDataUrl(frame, images.withMaxPixels(limit)));
            return decode(place, memory, most, DECODING_BYTES_PER_PIXEL, decoder)
                    .get(0);
        });
    }

    private static String base64(JsonFields place, String url) {
        int comma = url.indexOf(',');
        if (comma < 0 || !url.substring(0, comma).toLowerCase(Locale.ROOT).endsWith(";base64")) {
            throw place.invalid("url", "must be a data: URL in base64 for a video");
        }
        return url.substring(comma + 1);
    }

    private static byte[] decoded(JsonFields place, String url) {
        try {
            return Base64.getMimeDecoder().decode(base64(place, url));
        } catch (IllegalArgumentException e) {
            throw place.invalid("url", "is not base64: " + e.getMessage());
        }
    }

    /**
     * Decodes after reserving the memory. A decoder does not report the size in the header; it only rejects a size above a limit,
     * before it allocates pixels. So the limit starts at a sixteenth and doubles, and the reservation with it.
     */
    private List<Image> decode(
            JsonFields place,
            HeapBudget.Share memory,
            long mostPixels,
            int bytesPerPixel,
            LongFunction<List<Image>> decoder) {
        awaitTurn(place, memory);
        try {
            for (long limit = (mostPixels + SIXTEENTH - 1) / SIXTEENTH; ; limit = Math.min(limit * 2, mostPixels)) {
                long unused = limit * bytesPerPixel;
                memory.reserve(unused);
                try {
                    List<Image> decoded = decoder.apply(limit);
                    long bytes = decoded.stream()
                            .distinct()
                            .mapToLong(MediaReader::bytes)
                            .sum();
                    memory.budget().charge(Work.PIXELS, bytes / BYTES_PER_PIXEL, place.path("url"));
                    unused -= bytes;
                    return decoded;
                } catch (MediaException e) {
                    if (limit == mostPixels || e.reason() != Reason.TOO_LARGE) {
                        throw e;
                    }
                } finally {
                    memory.release(unused);
                }
            }
        } finally {
            decoding.release();
        }
    }

    /** Waits for a free processor, until the request's deadline. */
    private void awaitTurn(JsonFields place, HeapBudget.Share memory) {
        try {
            do {
                memory.budget().check(place.path("url"));
            } while (!decoding.tryAcquire(POLL_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiException.unavailable("shutting_down", "the server shut down before the request was finished");
        }
    }

    private static long bytes(Image image) {
        return (long) image.width() * image.height() * BYTES_PER_PIXEL;
    }
}
