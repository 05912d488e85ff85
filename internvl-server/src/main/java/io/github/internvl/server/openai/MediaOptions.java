package io.github.internvl.server.openai;

import io.github.internvl.vision.ImageOptions;
import io.github.internvl.vision.VideoOptions;
import io.github.internvl.web.RemoteMedia;
import java.util.Optional;

/**
 * The limits of pictures and videos in requests.
 *
 * @param remote the rules for fetching URLs; without them only {@code data:} URLs are accepted
 */
public record MediaOptions(ImageOptions images, VideoOptions videos, Optional<RemoteMedia> remote) {}
