package io.github.internvl.video;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP8;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_DISCARD;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avutil.AV_NOPTS_VALUE;

import io.github.internvl.vision.spi.MediaException.Reason;
import java.util.Arrays;
import org.bytedeco.ffmpeg.avcodec.AVPacket;

/**
 * The frames of a stream as its packets describe them, without decoding: how many are shown, when, and from which packet each
 * can be decoded. Reading all of them finds a file that was cut, as the reference does. Immutable.
 *
 * <p>A frame can be decoded from the last packet before it in the file that holds a key frame shown no later: what follows
 * a key frame in both orders does not need what came before it.
 */
final class PacketTable {
    /** A day and a half at 120 frames a second. */
    private static final int MOST_PACKETS = 1 << 24;

    /** Times of the packets that are shown, ascending; for lack of times, only their number counts. */
    private final long[] times;

    private final boolean usable;
    private final int[] keyPackets;
    private final long[] keyTimes;

    private PacketTable(long[] times, boolean usable, int[] keyPackets, long[] keyTimes) {
        this.times = times;
        this.usable = usable;
        this.keyPackets = keyPackets;
        this.keyTimes = keyTimes;
    }

    static PacketTable read(Container container) {
        long[] times = new long[1024];
        int[] keyPackets = new int[64];
        long[] keyTimes = new long[64];
        int packets = 0;
        int shown = 0;
        int keys = 0;
        boolean timed = true;
        for (AVPacket packet = container.next(); packet != null; packet = container.next(), packets++) {
            if (packets == MOST_PACKETS) {
                throw container
                        .file()
                        .failure(
                                Reason.TOO_LARGE,
                                "a video must have at most " + MOST_PACKETS + " frames; shorten it",
                                null);
            }
            if (isShown(container, packet)) {
                times = shown == times.length ? Arrays.copyOf(times, 2 * shown) : times;
                times[shown++] = packet.pts();
                timed &= packet.pts() != AV_NOPTS_VALUE;
            }
            if ((packet.flags() & AV_PKT_FLAG_KEY) != 0) {
                keyPackets = keys == keyPackets.length ? Arrays.copyOf(keyPackets, 2 * keys) : keyPackets;
                keyTimes = keys == keyTimes.length ? Arrays.copyOf(keyTimes, 2 * keys) : keyTimes;
                keyPackets[keys] = packets;
                keyTimes[keys++] = packet.pts();
            }
        }
        times = Arrays.copyOf(times, shown);
        keyTimes = Arrays.copyOf(keyTimes, keys);
        Arrays.sort(times);
        boolean usable = timed && keys > 0 && keyPackets[0] == 0 && ascends(times) && ascends(keyTimes);
        return new PacketTable(times, usable, Arrays.copyOf(keyPackets, keys), keyTimes);
    }

    /** Edit lists hide packets, and VP8 has frames that are only referred to. */
    private static boolean isShown(Container container, AVPacket packet) {
        boolean vp8 = container.stream().codecpar().codec_id() == AV_CODEC_ID_VP8;
        return (packet.flags() & AV_PKT_FLAG_DISCARD) == 0
                && !(vp8 && packet.size() > 0 && (packet.data().get() & 0x10) == 0);
    }

    private static boolean ascends(long[] values) {
        for (int i = 1; i < values.length; i++) {
            if (values[i] <= values[i - 1]) {
                return false;
            }
        }
        return true;
    }

    int frames() {
        return times.length;
    }

    /** Whether frames can be told by their times. */
    boolean isUsable() {
        return usable;
    }

    /** The packet from which a frame can be decoded. */
    int start(int frame) {
        return keyPackets[key(frame)];
    }

    /** The first frame that decoding from {@link #start} gives whole. */
    int firstFrom(int frame) {
        int at = Arrays.binarySearch(times, keyTimes[key(frame)]);
        return at >= 0 ? at : -at - 1;
    }

    private int key(int frame) {
        int at = Arrays.binarySearch(keyTimes, times[frame]);
        return Math.max(0, at >= 0 ? at : -at - 2);
    }

    /** The frame that is shown at a time; negative if none is. */
    int frameAt(long time) {
        return Arrays.binarySearch(times, time);
    }
}
