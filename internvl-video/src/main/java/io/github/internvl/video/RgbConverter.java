package io.github.internvl.video;

import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BILINEAR;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_DEFAULT;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCachedContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale_frame;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import io.github.internvl.vision.spi.VideoFile;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.jspecify.annotations.Nullable;

/**
 * Turns decoded frames into pictures, bit for bit as the reference does: swscale with its flag for bilinear and no other,
 * the matrix and the range that the frame names, then quarter turns. The caller closes it.
 */
final class RgbConverter implements AutoCloseable {
    private static final int ONE = 1 << 16;

    private final VideoFile file;
    private final int quarterTurns;
    private @Nullable SwsContext context;

    RgbConverter(VideoFile file, int quarterTurns) {
        this.file = file;
        this.quarterTurns = quarterTurns;
    }

    Pixels convert(AVFrame frame) {
        int width = frame.width();
        int height = frame.height();
        context = sws_getCachedContext(
                context,
                width,
                height,
                frame.format(),
                width,
                height,
                AV_PIX_FMT_RGB24,
                SWS_BILINEAR,
                null,
                null,
                (DoublePointer) null);
        if (context == null) {
            throw file.failure(
                    Reason.UNSUPPORTED_FORMAT,
                    "the pixels must be convertible to RGB: those of pixel format " + frame.format()
                            + " are not; convert the video",
                    null);
        }
        sws_setColorspaceDetails(
                context,
                sws_getCoefficients(frame.colorspace()),
                frame.color_range() == AVCOL_RANGE_JPEG ? 1 : 0,
                sws_getCoefficients(SWS_CS_DEFAULT),
                0,
                0,
                ONE,
                ONE);
        AVFrame rgb = av_frame_alloc();
        try {
            rgb.format(AV_PIX_FMT_RGB24).width(width).height(height);
            int result = av_frame_get_buffer(rgb, 0);
            if (result >= 0) {
                result = sws_scale_frame(context, rgb, frame);
            }
            if (result < 0) {
                throw file.failure(Reason.CORRUPT, "a frame must be convertible to RGB: " + Ffmpeg.words(result), null);
            }
            byte[] pixels = pixels(rgb, width, height);
            return quarterTurns % 2 == 0
                    ? new Pixels(width, height, turn(pixels, width, height))
                    : new Pixels(height, width, turn(pixels, width, height));
        } finally {
            av_frame_free(rgb);
        }
    }

    private static byte[] pixels(AVFrame rgb, int width, int height) {
        byte[] pixels = new byte[width * height * 3];
        BytePointer rows = rgb.data(0);
        long stride = rgb.linesize(0);
        for (int y = 0; y < height; y++) {
            rows.position(y * stride).get(pixels, y * width * 3, width * 3);
        }
        return pixels;
    }

    /** Turns clockwise. */
    private byte[] turn(byte[] pixels, int width, int height) {
        if (quarterTurns == 0) {
            return pixels;
        }
        byte[] turned = new byte[pixels.length];
        for (int y = 0, from = 0; y < height; y++) {
            for (int x = 0; x < width; x++, from += 3) {
                int to = switch (quarterTurns) {
                    case 1 -> x * height + height - 1 - y;
                    case 2 -> (height - 1 - y) * width + width - 1 - x;
                    default -> (width - 1 - x) * height + y;
                };
                System.arraycopy(pixels, from, turned, 3 * to, 3);
            }
        }
        return turned;
    }

    @Override
    public void close() {
        sws_freeContext(context);
        context = null;
    }
}
