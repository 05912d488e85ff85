package io.github.internvl.spring.ai;

import io.github.internvl.ChatRequest.Tiling;
import io.github.internvl.Message;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import io.github.internvl.web.RemoteMedia;
import java.net.URI;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.content.Media;

/**
 * A reader of pictures and videos: from bytes, base64 and {@code data:} URLs, and from the web where there are rules for it. Decodes
 * on the calling thread. Thread-safe.
 *
 * @param remote the rules; empty to fetch nothing
 */
record MediaReader(Optional<RemoteMedia> remote) {
    Message.Content read(Media media, InternVLChatOptions options) {
        String type = media.getMimeType().getType();
        return switch (type) {
            case "image" -> Message.Picture.of(Image.of(bytes(media.getData())));
            case "video" -> clip(Video.of(bytes(media.getData())), options.getVideoFrames(), options.getMaxTiles());
            default ->
                throw new IllegalArgumentException("media must be of the type image or video: " + media.getMimeType()
                        + "; send it as one of them");
        };
    }

    private static Message.Clip clip(Video video, @Nullable Integer frames, @Nullable Integer maxTiles) {
        Message.Clip clip =
                frames == null ? Message.Clip.of(video) : Message.Clip.of(video, Video.Sampling.frames(frames));
        return maxTiles == null ? clip : new Message.Clip(clip.frames(), Tiling.OPEN.withMaxTiles(maxTiles));
    }

    private byte[] bytes(Object data) {
        if (data instanceof byte[] file) {
            return file;
        }
        String text = data.toString(); // a URL, or text that may be one
        int colon = text.indexOf(':');
        String scheme = colon < 0 ? "" : text.substring(0, colon).toLowerCase(Locale.ROOT);
        return switch (scheme) {
            case "" -> decoded(text);
            case "data" -> ofDataUrl(text);
            case "http", "https" ->
                remote.orElseThrow(
                                () -> new IllegalArgumentException(
                                        "media from the web must have rules for fetching it:"
                                                + " there are none; send its bytes, or set InternVLChatModel.Builder.remoteMedia"))
                        .fetch(URI.create(text));
            default ->
                throw new IllegalArgumentException("media must be bytes, base64, or a data:, http: or https: URL: "
                        + scheme + ":; read it into a Resource");
        };
    }

    private static byte[] ofDataUrl(String url) {
        int comma = url.indexOf(',');
        if (comma < 0 || !url.substring(0, comma).toLowerCase(Locale.ROOT).endsWith(";base64")) {
            throw new IllegalArgumentException("a data: URL of media must be in base64: "
                    + (comma < 0 ? "it has no comma" : url.substring(0, Math.min(comma, 100)))
                    + "; write data:TYPE;base64,…");
        }
        return decoded(url.substring(comma + 1));
    }

    private static byte[] decoded(String base64) {
        try {
            return Base64.getDecoder().decode(base64.replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("media that is text must be base64: " + e.getMessage(), e);
        }
    }
}
