package io.github.internvl.video;

import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_decoder;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_flush_buffers;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_get_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_frame;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_packet;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_move_ref;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_unref;

import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.VideoFile;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.jspecify.annotations.Nullable;

/** Turns packets into frames, in the order of presentation. The caller closes it. */
final class FrameDecoder implements AutoCloseable {
    /** The decoders that may run, by FFmpeg's names: what people have, not the hundreds that there are. */
    static final String CODECS = "h264,hevc,vp8,vp9,libdav1d,libaom-av1,av1,mpeg4,mpeg2video,mpeg1video,mjpeg,h263,flv,"
            + "vp6f,vp6,theora,msmpeg4,msmpeg4v2,wmv1,wmv2,wmv3,vc1,prores,dvvideo,ffv1,png,rawvideo";

    /** Each thread beyond these brings little and takes frames' worth of memory. */
    private static final int MOST_THREADS = 4;

    private final VideoFile file;
    private final AVCodecContext context;
    private final AVFrame incoming = av_frame_alloc();
    private final AVFrame latest = av_frame_alloc();

    private FrameDecoder(VideoFile file, AVCodec codec) {
        this.file = file;
        this.context = avcodec_alloc_context3(codec);
    }

    static FrameDecoder of(VideoFile file, AVStream stream) {
        AVCodec codec = avcodec_find_decoder(stream.codecpar().codec_id());
        if (codec == null || !List.of(CODECS.split(",")).contains(codec.name().getString())) {
            throw unsupported(file, stream);
        }
        FrameDecoder decoder = new FrameDecoder(file, codec);
        try {
            decoder.open(codec, stream);
            return decoder;
        } catch (RuntimeException | Error e) {
            decoder.close();
            throw e;
        }
    }

    private void open(AVCodec codec, AVStream stream) {
        avcodec_parameters_to_context(context, stream.codecpar());
        context.pkt_timebase(stream.time_base());
        context.max_pixels(file.limits().maxFramePixels());
        context.thread_count(Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors()));
        if (avcodec_open2(context, codec, (AVDictionary) null) < 0) {
            throw unsupported(file, stream);
        }
    }

    private static RuntimeException unsupported(VideoFile file, AVStream stream) {
        String name = avcodec_get_name(stream.codecpar().codec_id()).getString();
        return file.failure(
                Reason.UNSUPPORTED_FORMAT,
                "the codec must be one of " + CODECS + ": " + name + "; convert the video, for instance to H.264",
                null);
    }

    /** Takes a packet; null says that it was the last one. Frames must be fetched before the next. */
    void send(@Nullable AVPacket packet) {
        check(avcodec_send_packet(context, packet));
    }

    /** The next frame, valid until the one after it; null if there is none before more packets. */
    @Nullable
    AVFrame next() {
        int result = avcodec_receive_frame(context, incoming);
        if (result == Ffmpeg.EOF || Ffmpeg.isHungry(result)) {
            return null;
        }
        check(result);
        av_frame_unref(latest);
        av_frame_move_ref(latest, incoming);
        return latest;
    }

    /** The frame that came last; null if none came. */
    @Nullable
    AVFrame latest() {
        return latest.width() > 0 ? latest : null;
    }

    /** Forgets all packets, before a jump to another place. */
    void restart() {
        avcodec_flush_buffers(context);
    }

    private void check(int result) {
        if (result < 0) {
            throw file.failure(
                    Reason.CORRUPT,
                    "the frames must be decodable: " + Ffmpeg.words(result) + "; get the file again",
                    null);
        }
    }

    @Override
    public void close() {
        av_frame_free(incoming);
        av_frame_free(latest);
        avcodec_free_context(context);
    }
}
