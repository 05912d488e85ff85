package io.github.internvl.video;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_GLOBAL_HEADER;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_rescale_ts;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_encoder_by_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_from_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_packet;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_frame;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_WRITE;
import static org.bytedeco.ffmpeg.global.avformat.av_interleaved_write_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_write_trailer;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_output_context2;
import static org.bytedeco.ffmpeg.global.avformat.avformat_free_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_new_stream;
import static org.bytedeco.ffmpeg.global.avformat.avformat_write_header;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_set;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_make_writable;
import static org.bytedeco.ffmpeg.global.avutil.av_make_q;

import io.github.internvl.vision.Image;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVOutputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;

/**
 * A generated video. Frame k is gray with the brightness {@code 40 + 4k}, and has a light block whose column says k too.
 *
 * @param codec an encoder of FFmpeg
 * @param group frames from one key frame to the next
 * @param between B-frames in a row
 */
record Clip(String codec, int width, int height, int frames, int framesPerSecond, int group, int between) {
    private static final int DARKEST = 40;
    private static final int BLOCK = 16;

    static Clip of(String codec) {
        return new Clip(codec, 96, 64, 40, 20, 10, codec.startsWith("mpeg") ? 2 : 0);
    }

    Clip withFrames(int count) {
        return new Clip(codec, width, height, count, framesPerSecond, group, between);
    }

    /** The number of the frame that a picture shows. */
    static int number(Image image) {
        int corner = image.rgb().get(0) & 0xff;
        return (int) Math.round((corner / 255.0 * 219 + 16 - DARKEST) / 4);
    }

    /** Writes the file; its ending says which container. */
    Path write(Path file) {
        Ffmpeg.load();
        AVFormatContext output = new AVFormatContext(null);
        check(avformat_alloc_output_context2(output, (AVOutputFormat) null, (String) null, file.toString()));
        AVCodec encoder = avcodec_find_encoder_by_name(codec);
        AVCodecContext context = avcodec_alloc_context3(encoder);
        context.width(width)
                .height(height)
                .gop_size(group)
                .max_b_frames(between)
                .bit_rate(2_000_000);
        context.pix_fmt(AV_PIX_FMT_YUV420P);
        context.time_base(av_make_q(1, framesPerSecond)).framerate(av_make_q(framesPerSecond, 1));
        context.flags(context.flags() | AV_CODEC_FLAG_GLOBAL_HEADER).thread_count(1);
        AVDictionary options = new AVDictionary(null);
        av_dict_set(options, "auto-alt-ref", "1", 0);
        av_dict_set(options, "lag-in-frames", "10", 0);
        av_dict_set(options, "cpu-used", "8", 0);
        check(avcodec_open2(context, encoder, options));
        AVStream stream = avformat_new_stream(output, null);
        check(avcodec_parameters_from_context(stream.codecpar(), context));
        stream.time_base(context.time_base()).avg_frame_rate(context.framerate());
        AVIOContext io = new AVIOContext(null);
        check(avio_open(io, file.toString(), AVIO_FLAG_WRITE));
        output.pb(io);
        check(avformat_write_header(output, (AVDictionary) null));
        AVFrame frame = av_frame_alloc();
        frame.format(context.pix_fmt()).width(width).height(height);
        check(av_frame_get_buffer(frame, 0));
        for (int number = 0; number < frames; number++) {
            check(av_frame_make_writable(frame));
            draw(frame, number);
            encode(context, frame.pts(number), output, stream);
        }
        encode(context, null, output, stream);
        check(av_write_trailer(output));
        avio_closep(io);
        av_frame_free(frame);
        avcodec_free_context(context);
        avformat_free_context(output);
        return file;
    }

    private void draw(AVFrame frame, int number) {
        for (int plane = 0; plane < 3; plane++) {
            int shift = plane == 0 ? 0 : 1;
            BytePointer rows = frame.data(plane);
            for (int y = 0; y < height >> shift; y++) {
                byte[] row = new byte[width >> shift];
                for (int x = 0; x < row.length; x++) {
                    boolean block = plane == 0 && y > height / 2 && x / BLOCK == number % (width / BLOCK);
                    row[x] = (byte) (plane > 0 ? 128 : block ? 200 : DARKEST + 4 * (number % 40));
                }
                rows.position((long) y * frame.linesize(plane)).put(row);
            }
        }
    }

    private static void encode(
            AVCodecContext context, @Nullable AVFrame frame, AVFormatContext output, AVStream stream) {
        check(avcodec_send_frame(context, frame));
        AVPacket packet = av_packet_alloc();
        while (avcodec_receive_packet(context, packet) >= 0) {
            packet.duration(1);
            av_packet_rescale_ts(packet, context.time_base(), stream.time_base());
            check(av_interleaved_write_frame(output, packet));
        }
        av_packet_free(packet);
    }

    private static void check(int result) {
        if (result < 0) {
            throw new IllegalStateException(Ffmpeg.words(result));
        }
    }
}
