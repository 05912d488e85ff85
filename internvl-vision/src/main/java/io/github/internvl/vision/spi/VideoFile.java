package io.github.internvl.vision.spi;

import io.github.internvl.vision.spi.MediaException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a video, with the name that messages give them and the limits to keep. A {@link VideoDecoder} reads these
 * bytes and nothing else. Immutable, safe for use by several threads.
 */
public final class VideoFile {
    private interface Opener {
        SeekableByteChannel open() throws IOException;
    }

    private final String name;
    private final Limits limits;
    private final Opener opener;

    /**
     * The limits of a video.
     *
     * @param maxBytes most bytes of the file
     * @param maxFramePixels largest width times height of a frame
     * @param maxPixels most pixels of all frames of one reading
     * @param timeout longest time for opening, and again for each reading
     */
    public record Limits(long maxBytes, long maxFramePixels, long maxPixels, Duration timeout) {}

    private VideoFile(String name, Limits limits, Opener opener) {
        this.name = name;
        this.limits = limits;
        this.opener = opener;
    }

    /** A file on disk, whose size is checked. */
    public static VideoFile of(Path file, Limits limits) {
        return new VideoFile(file.toString(), limits, () -> Files.newByteChannel(file)).checked();
    }

    /** A file in memory, whose size is checked. The bytes are not copied. */
    public static VideoFile of(String name, byte[] bytes, Limits limits) {
        return new VideoFile(name, limits, () -> new ArrayChannel(bytes)).checked();
    }

    private VideoFile checked() {
        try (SeekableByteChannel channel = open()) {
            if (channel.size() == 0) {
                throw failure(Reason.EMPTY, "a video must have frames: there are no bytes", null);
            }
            if (channel.size() > limits.maxBytes()) {
                throw failure(
                        Reason.TOO_LARGE,
                        "a video must have at most " + limits.maxBytes() + " bytes: " + channel.size()
                                + "; shorten it or raise Video.Options.maxBytes",
                        null);
            }
            return this;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /** The name in messages: the path, or the origin of the bytes. */
    public String name() {
        return name;
    }

    /** The limits to keep. */
    public Limits limits() {
        return limits;
    }

    /** Opens the bytes for reading; the caller closes the channel. */
    public SeekableByteChannel open() throws IOException {
        return opener.open();
    }

    /** Rejects frames of a size that breaks a limit. Call it before allocating {@code count} of them. */
    public void checkFrames(int count, long width, long height) {
        if (width < 1 || height < 1) {
            throw failure(Reason.CORRUPT, "width and height must be positive: " + width + " x " + height, null);
        }
        if (width > limits.maxFramePixels() / height) {
            throw failure(
                    Reason.TOO_LARGE,
                    "a frame must have at most " + limits.maxFramePixels() + " pixels: " + width + " x " + height
                            + "; shrink the video or raise Video.Options.maxFramePixels",
                    null);
        }
        if (count > limits.maxPixels() / (width * height)) {
            throw failure(
                    Reason.TOO_LARGE,
                    "frames of one reading must have at most " + limits.maxPixels() + " pixels: " + count + " of "
                            + width + " x " + height + "; take fewer or raise Video.Options.maxPixels",
                    null);
        }
    }

    /** An exception whose message begins with the name of this file. {@code cause} may be null. */
    public MediaException failure(Reason reason, String message, @Nullable Throwable cause) {
        return new MediaException(reason, name + ": " + message, cause);
    }

    /** The exception for a failed reading. */
    public MediaException unreadable(IOException cause) {
        String found = cause instanceof NoSuchFileException ? "no such file" : cause.toString();
        return failure(Reason.UNREADABLE, "must be readable: " + found + "; check the path", cause);
    }

    /** Bytes in memory, read as a file is. */
    private static final class ArrayChannel implements SeekableByteChannel {
        private final byte[] bytes;
        private long position;

        ArrayChannel(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public int read(ByteBuffer target) {
            if (position >= bytes.length) {
                return -1;
            }
            int count = Math.min(target.remaining(), bytes.length - (int) position);
            target.put(bytes, (int) position, count);
            position += count;
            return count;
        }

        @Override
        public long position() {
            return position;
        }

        @Override
        public ArrayChannel position(long newPosition) {
            position = newPosition;
            return this;
        }

        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public int write(ByteBuffer source) {
            throw new NonWritableChannelException();
        }

        @Override
        public ArrayChannel truncate(long size) {
            throw new NonWritableChannelException();
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
