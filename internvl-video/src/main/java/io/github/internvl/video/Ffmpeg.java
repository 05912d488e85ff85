package io.github.internvl.video;

import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EXIT;
import static org.bytedeco.ffmpeg.global.avutil.AV_LOG_QUIET;
import static org.bytedeco.ffmpeg.global.avutil.av_log_set_level;
import static org.bytedeco.ffmpeg.global.avutil.av_max_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_strerror;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.javacpp.Loader;

/** FFmpeg's libraries as this module uses them: what is set once for the process, and its error codes in words. */
final class Ffmpeg {
    static final int EOF;

    /** The value by which a callback stops FFmpeg. */
    static final int EXIT;

    /** FFmpeg's code for {@code EIO}. */
    static final int IO_ERROR = -5;

    /** FFmpeg's code for {@code EINVAL}. */
    static final int INVALID_ARGUMENT = -22;

    /** A frame in 8K with 16 bits has 214 MB. */
    private static final long MOST_BYTES_AT_ONCE = 512L << 20;

    private static final String PHYSICAL_LIMIT = "org.bytedeco.javacpp.maxPhysicalBytes";

    private static final int WORDS = 256;

    static {
        // By default JavaCPP throws OutOfMemoryError when the process is four times as large as the Java heap may be,
        // which
        // it is whenever a model's weights are mapped. Its own classes read this when they are first used.
        if (System.getProperty(PHYSICAL_LIMIT) == null
                && System.getProperty(PHYSICAL_LIMIT.toLowerCase(Locale.ROOT)) == null) {
            System.setProperty(PHYSICAL_LIMIT, "0");
        }
        Loader.load(avutil.class);
        Loader.load(avcodec.class);
        Loader.load(avformat.class);
        Loader.load(swscale.class);
        av_log_set_level(AV_LOG_QUIET);
        av_max_alloc(MOST_BYTES_AT_ONCE);
        EOF = AVERROR_EOF();
        EXIT = AVERROR_EXIT();
    }

    private Ffmpeg() {}

    /** Whether a decoder asks for more input: {@code EAGAIN}, which is the platform's. */
    static boolean isHungry(int result) {
        return result == (Loader.getPlatform().startsWith("macosx") ? -35 : -11);
    }

    /** Loads the libraries with this class; throws {@link LinkageError} where they are missing. */
    static void load() {}

    static String words(int error) {
        byte[] text = new byte[WORDS];
        av_strerror(error, text, WORDS);
        int length = 0;
        while (length < WORDS && text[length] != 0) {
            length++;
        }
        return new String(text, 0, length, StandardCharsets.UTF_8);
    }
}
