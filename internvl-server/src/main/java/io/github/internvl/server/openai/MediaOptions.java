package io.github.internvl.server.openai;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import io.github.internvl.web.RemoteMedia;
import java.util.Optional;

/**
 * The limits of pictures and videos in requests.
 *
 * @param remote the rules for fetching URLs; without them only {@code data:} URLs are accepted
 */
public record MediaOptions(Image.Options images, Video.Options videos, Optional<RemoteMedia> remote) {}
