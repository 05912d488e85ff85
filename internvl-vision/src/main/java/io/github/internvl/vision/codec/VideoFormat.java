package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.VideoDecoder;
import io.github.internvl.vision.spi.VideoFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;

/** The formats of videos, recognised by the first bytes alone. */
public final class VideoFormat {
    private static final int MAGIC_BYTES = 12;

    private VideoFormat() {}

    /** Opens GIF and WebP animations here, and every other file with the {@link VideoDecoder} on the class path. */
    public static VideoDecoder.Frames open(VideoFile file) {
        String magic = magic(file);
        if (magic.startsWith("GIF8")) {
            return Animation.open(file, GifDecoder::new);
        }
        if (magic.startsWith("RIFF") && magic.startsWith("WEBP", 8)) {
            return Animation.open(file, WebpPlayer::new);
        }
        return OptionalDecoder.find(
                        VideoDecoder.class,
                        "FfmpegVideoDecoder",
                        (found, cause) -> file.failure(
                                Reason.NO_DECODER,
                                "needs a decoder, as everything but GIF and WebP animations does: " + found,
                                cause))
                .open(file);
    }

    private static String magic(VideoFile file) {
        ByteBuffer head = ByteBuffer.allocate(MAGIC_BYTES);
        try (SeekableByteChannel channel = file.open()) {
            while (head.hasRemaining() && channel.read(head) >= 0) {}
        } catch (IOException e) {
            throw file.unreadable(e);
        }
        return new String(head.array(), StandardCharsets.ISO_8859_1);
    }
}
