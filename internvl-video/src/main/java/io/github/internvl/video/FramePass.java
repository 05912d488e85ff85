package io.github.internvl.video;

import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import io.github.internvl.vision.spi.VideoFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.jspecify.annotations.Nullable;

/**
 * One way through the packets of a file that takes the wanted frames along: all packets up to the last of these, or, with a
 * table, only those from the key frame before each of them.
 *
 * <p>The frames are the same either way. Packets are not sought but passed over, so that no container's index is believed;
 * and after a jump each frame must come at the time at which the table expects it. Where one does not, the jumps are given
 * up and all packets decoded.
 */
final class FramePass {
    /** One of so many frames may be missing at the end; the last one then stands for it, as in the reference. */
    private static final int FRAMES_PER_MISSING = 4;

    private final VideoFile file;
    private final int[] wanted;
    private final @Nullable PacketTable table;
    private final List<Pixels> taken = new ArrayList<>();

    /** Number of the frame that must come next. */
    private int expected;

    /** Whether none came since the last jump; frames before the expected one may then come first, and do not count. */
    private boolean fresh;

    /** Passes over what is not needed if there is a table, else over nothing. */
    FramePass(VideoFile file, int[] wanted, @Nullable PacketTable table) {
        this.file = file;
        this.wanted = wanted;
        this.table = table;
    }

    /** The wanted frames; nothing if they do not come as the packets promise. */
    Optional<List<Pixels>> run() {
        try (Container container = Container.open(file);
                FrameDecoder decoder = FrameDecoder.of(file, container.stream());
                RgbConverter converter = new RgbConverter(file, container.quarterTurns())) {
            boolean whole = decode(container, decoder, converter) || (table == null && repeatLast(decoder, converter));
            return whole ? Optional.of(taken) : Optional.empty();
        } catch (MediaException e) {
            if (table != null && e.reason() == Reason.CORRUPT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Whether all wanted frames came. */
    private boolean decode(Container container, FrameDecoder decoder, RgbConverter converter) {
        boolean decoding = false;
        int number = 0;
        for (AVPacket packet = container.next(); packet != null; packet = container.next(), number++) {
            if (!decoding && number < start()) {
                continue;
            }
            if (!decoding) {
                decoder.restart();
                expected = table == null ? 0 : table.firstFrom(wanted[taken.size()]);
                fresh = table != null;
                decoding = true;
            }
            decoder.send(packet);
            if (!take(decoder, converter)) {
                return false;
            }
            if (isDone()) {
                return true;
            }
            decoding = number + 1 >= start();
        }
        decoder.send(null);
        return take(decoder, converter) && isDone();
    }

    /** The packet from which the next wanted frame can be decoded. */
    private int start() {
        return table == null ? 0 : table.start(wanted[taken.size()]);
    }

    private boolean isDone() {
        return taken.size() == wanted.length;
    }

    /** Takes the frames that are ready; false if one is not the frame that must come. */
    private boolean take(FrameDecoder decoder, RgbConverter converter) {
        for (AVFrame frame = decoder.next(); frame != null; frame = isDone() ? null : decoder.next()) {
            int number = table == null ? expected : table.frameAt(frame.pts());
            if (fresh && number >= 0 && number < expected) {
                continue;
            }
            fresh = false;
            if (number != expected) {
                return false;
            }
            if (number == wanted[taken.size()]) {
                taken.add(converter.convert(frame));
            }
            expected++;
        }
        return true;
    }

    /** Fills up with the last frame, unless too many are missing for that. */
    private boolean repeatLast(FrameDecoder decoder, RgbConverter converter) {
        AVFrame last = decoder.latest();
        int missing = wanted[wanted.length - 1] + 1 - expected;
        if (last == null || missing > expected / FRAMES_PER_MISSING) {
            return false;
        }
        Pixels image = converter.convert(last);
        while (!isDone()) {
            taken.add(image);
        }
        return true;
    }
}
