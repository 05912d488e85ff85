package io.github.internvl.video;

import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_ALL;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_DISPLAYMATRIX;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_CORRUPT;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_side_data_get;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_ATTACHED_PIC;
import static org.bytedeco.ffmpeg.global.avformat.av_find_best_stream;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_close_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_find_stream_info;
import static org.bytedeco.ffmpeg.global.avformat.avformat_open_input;
import static org.bytedeco.ffmpeg.global.avformat.avio_feof;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_free;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_set;
import static org.bytedeco.ffmpeg.global.avutil.av_display_rotation_get;

import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.VideoFile;
import java.io.IOException;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avcodec.AVPacketSideData;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/** An open file and the packets of its best video stream, in the order of the file. The caller closes it. */
final class Container implements AutoCloseable {
    /** No demuxer of these opens other files where no protocol is allowed; playlists and lists of files are left out. */
    private static final String FORMATS = "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg";

    private static final String FORMAT_NAMES = "MP4, QuickTime, Matroska, WebM, AVI, MPEG, FLV, ASF or Ogg";

    private final VideoFile file;
    private final Deadline deadline;
    private final ByteInput input;
    private final AVFormatContext context;
    private final AVPacket packet = av_packet_alloc();
    private int index = -1;

    private Container(VideoFile file) {
        this.file = file;
        this.deadline = new Deadline(file);
        this.input = ByteInput.open(file, deadline);
        this.context = avformat_alloc_context();
    }

    /** Opens a file and finds its video stream. */
    static Container open(VideoFile file) {
        Container container = new Container(file);
        try {
            container.open();
            return container;
        } catch (RuntimeException | Error e) {
            container.close();
            throw e;
        }
    }

    private void open() {
        context.pb(input.context());
        AVDictionary options = new AVDictionary(null);
        av_dict_set(options, "format_whitelist", FORMATS, 0);
        av_dict_set(options, "protocol_whitelist", "none", 0);
        av_dict_set(options, "codec_whitelist", FrameDecoder.CODECS, 0);
        int result = avformat_open_input(context, (String) null, null, options);
        av_dict_free(options);
        if (result < 0) {
            throw refused(result);
        }
        for (int i = 0; i < context.nb_streams(); i++) {
            AVCodecParameters announced = context.streams(i).codecpar();
            if (announced.width() > 0 && announced.height() > 0) {
                file.checkFrames(1, announced.width(), announced.height());
            }
        }
        findStreamInfo();
        index = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, (AVCodec) null, 0);
        if (index < 0 || (stream().disposition() & AV_DISPOSITION_ATTACHED_PIC) != 0) {
            throw file.failure(
                    Reason.NOT_A_VIDEO,
                    "a video must have a stream of pictures: it has " + context.nb_streams()
                            + " streams, none of them such; give a file with pictures",
                    null);
        }
        AVCodecParameters found = stream().codecpar();
        if (found.width() < 1 || found.height() < 1) {
            throw file.failure(
                    Reason.TOO_LARGE,
                    "the first frames must be decodable and have at most "
                            + file.limits().maxFramePixels()
                            + " pixels: they are not; shrink the video or raise Video.Options.maxFramePixels",
                    null);
        }
        file.checkFrames(1, found.width(), found.height());
        for (int i = 0; i < context.nb_streams(); i++) {
            if (i != index) {
                context.streams(i).discard(AVDISCARD_ALL);
            }
        }
    }

    /** Lets FFmpeg look at the first packets, for which it may decode frames: none above the limit. */
    private void findStreamInfo() {
        int streams = context.nb_streams();
        try (PointerPointer<AVDictionary> options = new PointerPointer<>(streams)) {
            for (int i = 0; i < streams; i++) {
                AVDictionary limits = new AVDictionary(null);
                av_dict_set(limits, "max_pixels", Long.toString(file.limits().maxFramePixels()), 0);
                av_dict_set(limits, "threads", "1", 0);
                options.put(i, limits);
            }
            int result = avformat_find_stream_info(context, options);
            for (int i = 0; i < streams; i++) {
                av_dict_free(new AVDictionary(options.get(i)));
            }
            check(result);
        }
    }

    VideoFile file() {
        return file;
    }

    AVStream stream() {
        return context.streams(index);
    }

    /** Frames in a second on average, as the container says or as its first packets show. */
    double framesPerSecond() {
        for (AVRational rate :
                new AVRational[] {stream().avg_frame_rate(), stream().r_frame_rate()}) {
            if (rate.num() > 0 && rate.den() > 0) {
                return (double) rate.num() / rate.den();
            }
        }
        throw file.failure(
                Reason.CORRUPT, "a video must have a frame rate: none is given or can be told; write it anew", null);
    }

    /** By how many quarters of a circle a frame is turned for display, clockwise: 0 to 3. */
    int quarterTurns() {
        AVPacketSideData matrix = av_packet_side_data_get(
                stream().codecpar().coded_side_data(),
                stream().codecpar().nb_coded_side_data(),
                AV_PKT_DATA_DISPLAYMATRIX);
        if (matrix == null || matrix.isNull() || matrix.size() < 9 * Integer.BYTES) {
            return 0;
        }
        double degrees = -av_display_rotation_get(new IntPointer(matrix.data()));
        return Double.isNaN(degrees) ? 0 : Math.floorMod(Math.round(degrees / 90), 4);
    }

    /** Reads the next packet of the stream, which is valid until the next call; null after the last one. */
    @Nullable
    AVPacket next() {
        while (true) {
            av_packet_unref(packet);
            if (deadline.hasPassed()) {
                throw deadline.failure();
            }
            int result = av_read_frame(context, packet);
            if (result == Ffmpeg.EOF && input.failure() == null && !deadline.hasPassed()) {
                return null;
            }
            check(result);
            if (packet.stream_index() == index) {
                if ((packet.flags() & AV_PKT_FLAG_CORRUPT) != 0 && avio_feof(context.pb()) != 0) {
                    throw cut("the last packet is not whole");
                }
                return packet;
            }
        }
    }

    private void check(int result) {
        if (result < 0) {
            throw failure(result);
        }
    }

    private MediaException failure(int result) {
        if (input.failure() instanceof IOException e) {
            return file.unreadable(e);
        }
        return deadline.hasPassed() ? deadline.failure() : cut(Ffmpeg.words(result));
    }

    private MediaException cut(String found) {
        return file.failure(
                Reason.TRUNCATED, "the data must be whole: " + found + "; get the file again in full", null);
    }

    private MediaException refused(int result) {
        if (input.failure() != null || deadline.hasPassed()) {
            return failure(result);
        }
        if (result == Ffmpeg.INVALID_ARGUMENT) {
            return file.failure(
                    Reason.UNSUPPORTED_FORMAT, "a video must be " + FORMAT_NAMES + ": it is not; convert it", null);
        }
        if (input.beginsAsMp4()) {
            return cut("its index cannot be read (" + Ffmpeg.words(result) + ")");
        }
        return file.failure(Reason.NOT_A_VIDEO, "a video must be " + FORMAT_NAMES + ": " + Ffmpeg.words(result), null);
    }

    @Override
    public void close() {
        av_packet_free(packet);
        avformat_close_input(context);
        input.close();
    }
}
