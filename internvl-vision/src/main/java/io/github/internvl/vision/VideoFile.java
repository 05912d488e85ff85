package io.github.internvl.vision;

import io.github.internvl.vision.VideoException.Reason;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a video with the name that messages give them and the limits to keep, as a {@link VideoDecoder} gets them:
 * it reads these and nothing else. Immutable, safe for use by several threads.
 */
public final class VideoFile {
    private interface Opener {
        SeekableByteChannel open() throws IOException;
    }

    private final String name;
    private final VideoOptions options;
    private final Opener opener;

    private VideoFile(String name, VideoOptions options, Opener opener) {
        this.name = name;
        this.options = options;
        this.opener = opener;
    }

    static VideoFile of(Path file, VideoOptions options) {
        return new VideoFile(file.toString(), options, () -> Files.newByteChannel(file)).checked();
    }

    static VideoFile of(String name, byte[] bytes, VideoOptions options) {
        return new VideoFile(name, options, () -> new ArrayChannel(bytes)).checked();
    }

    private VideoFile checked() {
        try (SeekableByteChannel channel = open()) {
            if (channel.size() == 0) {
                throw failure(Reason.EMPTY, "a video must have frames: there are no bytes", null);
            }
            if (channel.size() > options.maxBytes()) {
                throw failure(
                        Reason.TOO_LARGE,
                        "a video must have at most " + options.maxBytes() + " bytes: " + channel.size()
                                + "; shorten it or raise VideoOptions.maxBytes",
                        null);
            }
            return this;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /** Its name in messages: the path, or the origin of the bytes. */
    public String name() {
        return name;
    }

    /** The limits to keep. */
    public VideoOptions options() {
        return options;
    }

    /** Opens the bytes for reading; the caller closes them. */
    public SeekableByteChannel open() throws IOException {
        return opener.open();
    }

    /** Refuses frames of a size that breaks a limit; to be called before memory is taken for {@code count} of them. */
    public void checkFrames(int count, long width, long height) {
        if (width < 1 || height < 1) {
            throw failure(Reason.CORRUPT, "width and height must be positive: " + width + " x " + height, null);
        }
        if (width > options.maxFramePixels() / height) {
            throw failure(
                    Reason.TOO_LARGE,
                    "a frame must have at most " + options.maxFramePixels() + " pixels: " + width + " x " + height
                            + "; shrink the video or raise VideoOptions.maxFramePixels",
                    null);
        }
        if (count > options.maxPixels() / (width * height)) {
            throw failure(
                    Reason.TOO_LARGE,
                    "frames taken at once must have at most " + options.maxPixels() + " pixels: " + count + " of "
                            + width + " x " + height + "; take fewer or raise VideoOptions.maxPixels",
                    null);
        }
    }

    /** A failure of this file, whose message begins with its name; {@code cause} may be null. */
    public VideoException failure(Reason reason, String message, @Nullable Throwable cause) {
        return new VideoException(reason, name + ": " + message, cause);
    }

    /** The failure that reading it was. */
    public VideoException unreadable(IOException cause) {
        String found = cause instanceof NoSuchFileException ? "no such file" : cause.toString();
        return failure(Reason.UNREADABLE, "must be readable: " + found + "; check the path", cause);
    }
}
