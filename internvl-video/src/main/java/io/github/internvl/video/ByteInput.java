package io.github.internvl.video;

import static org.bytedeco.ffmpeg.global.avformat.AVSEEK_SIZE;
import static org.bytedeco.ffmpeg.global.avformat.avio_alloc_context;
import static org.bytedeco.ffmpeg.global.avformat.avio_context_free;
import static org.bytedeco.ffmpeg.global.avutil.av_free;
import static org.bytedeco.ffmpeg.global.avutil.av_malloc;

import io.github.internvl.vision.spi.VideoFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.Read_packet_Pointer_BytePointer_int;
import org.bytedeco.ffmpeg.avformat.Seek_Pointer_long_int;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one file as FFmpeg reads them: its only way to the outside. The caller closes it, after what reads from it.
 *
 * <p>JavaCPP has few slots for functions that C calls back, so there is one pair for all inputs, told apart by a number.
 */
final class ByteInput implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final String MP4_MARK = "ftyp";
    private static final int SEEK_SET = 0;
    private static final int SEEK_CURRENT = 1;
    private static final int SEEK_END = 2;

    private static final Map<Long, ByteInput> OPEN = new ConcurrentHashMap<>();
    private static final AtomicLong NUMBERS = new AtomicLong();
    private static final Reader READER = new Reader();
    private static final Seeker SEEKER = new Seeker();

    private final SeekableByteChannel channel;
    private final Deadline deadline;
    private final byte[] bytes = new byte[BUFFER_BYTES];
    private final long number = NUMBERS.incrementAndGet();
    private final AVIOContext context;
    private @Nullable Exception failure;

    private ByteInput(SeekableByteChannel channel, Deadline deadline) {
        this.channel = channel;
        this.deadline = deadline;
        OPEN.put(number, this);
        BytePointer buffer = new BytePointer(av_malloc(BUFFER_BYTES));
        context = avio_alloc_context(buffer, BUFFER_BYTES, 0, new Key(number), READER, null, SEEKER);
    }

    static ByteInput open(VideoFile file, Deadline deadline) {
        try {
            return new ByteInput(file.open(), deadline);
        } catch (IOException e) {
            throw file.unreadable(e);
        }
    }

    AVIOContext context() {
        return context;
    }

    /** Why reading failed on this side; null if it did not. */
    @Nullable
    Exception failure() {
        return failure;
    }

    /** Whether the first bytes are those of an MP4 or QuickTime file. */
    boolean beginsAsMp4() {
        try {
            ByteBuffer head = ByteBuffer.allocate(MP4_MARK.length() + 4);
            channel.position(0);
            while (head.hasRemaining() && channel.read(head) >= 0) {}
            return new String(head.array(), StandardCharsets.ISO_8859_1).startsWith(MP4_MARK, 4);
        } catch (IOException e) {
            failure = e;
            return false;
        }
    }

    @Override
    public void close() {
        if (OPEN.remove(number) != null) {
            av_free(context.buffer());
            avio_context_free(context);
            try {
                channel.close();
            } catch (IOException e) {
                failure = e;
            }
        }
    }

    private int read(BytePointer target, int size) {
        try {
            if (deadline.hasPassed()) {
                return Ffmpeg.EXIT;
            }
            int count = channel.read(ByteBuffer.wrap(bytes, 0, Math.min(size, bytes.length)));
            if (count < 0) {
                return Ffmpeg.EOF;
            }
            target.put(bytes, 0, count);
            return count;
        } catch (IOException | RuntimeException e) {
            failure = e;
            return Ffmpeg.IO_ERROR;
        }
    }

    private long seek(long offset, int whence) {
        try {
            if ((whence & AVSEEK_SIZE) != 0) {
                return channel.size();
            }
            long base = switch (whence & 3) {
                case SEEK_SET -> 0;
                case SEEK_CURRENT -> channel.position();
                case SEEK_END -> channel.size();
                default -> -1;
            };
            if (base < 0 || base + offset < 0) {
                return Ffmpeg.INVALID_ARGUMENT;
            }
            channel.position(base + offset);
            return base + offset;
        } catch (IOException | RuntimeException e) {
            failure = e;
            return Ffmpeg.IO_ERROR;
        }
    }

    /** A number that travels through C as a pointer. */
    private static final class Key extends Pointer {
        Key(long number) {
            address = number;
        }
    }

    private static final class Reader extends Read_packet_Pointer_BytePointer_int {
        @Override
        public int call(Pointer key, BytePointer target, int size) {
            ByteInput input = OPEN.get(key.address());
            return input == null ? Ffmpeg.EXIT : input.read(target, size);
        }
    }

    private static final class Seeker extends Seek_Pointer_long_int {
        @Override
        public long call(Pointer key, long offset, int whence) {
            ByteInput input = OPEN.get(key.address());
            return input == null ? Ffmpeg.EXIT : input.seek(offset, whence);
        }
    }
}
