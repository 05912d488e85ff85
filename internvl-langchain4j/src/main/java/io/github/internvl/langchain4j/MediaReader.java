package io.github.internvl.langchain4j;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import io.github.internvl.ChatRequest.Tiling;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import io.github.internvl.web.RemoteMedia;
import java.net.URI;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A reader of pictures and videos: from base64, from {@code data:} URLs, and from the web where there are rules for it.
 *
 * @param remote the rules; empty to fetch nothing
 */
record MediaReader(Optional<RemoteMedia> remote) {
    /** The tiling for a detail level, as in the server. */
    static Tiling tiling(ImageContent.DetailLevel detail) {
        return switch (detail) {
            case LOW -> Tiling.OPEN.withMaxTiles(6);
            case MEDIUM -> Tiling.OPEN.withMaxTiles(12);
            case HIGH -> Tiling.OPEN.withMaxTiles(24);
            case ULTRA_HIGH -> Tiling.OPEN.withMaxTiles(40);
            case AUTO -> Tiling.OPEN;
        };
    }

    Image image(ImageContent content) {
        return Image.of(bytes("an image", content.image().url(), content.image().base64Data()));
    }

    Video video(dev.langchain4j.data.video.Video video) {
        return Video.of(bytes("a video", video.url(), video.base64Data()));
    }

    private byte[] bytes(String kind, @Nullable URI url, @Nullable String base64) {
        if (url == null) {
            return decoded(kind, base64 == null ? "" : base64);
        }
        String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
        if (scheme.equals("data")) {
            String data = url.getSchemeSpecificPart();
            int comma = data.indexOf(',');
            if (comma < 0 || !data.substring(0, comma).toLowerCase(Locale.ROOT).endsWith(";base64")) {
                throw new InvalidRequestException("a data: URL of " + kind + " must be in base64: data:TYPE;base64,…");
            }
            return decoded(kind, data.substring(comma + 1));
        }
        if (remote.isEmpty() || !scheme.matches("https?")) {
            throw new UnsupportedFeatureException(
                    "the URL of " + kind + " is not supported without rules for fetching it: " + scheme
                            + ":; send the data itself, or set InternVLChatModel.Builder.remoteMedia for http and https");
        }
        return remote.get().fetch(url);
    }

    private static byte[] decoded(String kind, String base64) {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException("the data of " + kind + " must be base64: " + e.getMessage(), e);
        }
    }
}
