package io.github.internvl.video;

import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.Pixels;
import io.github.internvl.vision.spi.VideoDecoder;
import io.github.internvl.vision.spi.VideoFile;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The frames of a file, which is opened anew for each reading. */
record FfmpegFrames(VideoFile file, PacketTable packets, double framesPerSecond, int width, int height)
        implements VideoDecoder.Frames {
    private static final Logger LOG = LoggerFactory.getLogger(FfmpegFrames.class);

    static FfmpegFrames open(VideoFile file) {
        try (Container container = Container.open(file)) {
            PacketTable packets = PacketTable.read(container);
            if (packets.frames() == 0) {
                throw file.failure(Reason.EMPTY, "a video must have frames: its stream of pictures is empty", null);
            }
            return new FfmpegFrames(
                    file,
                    packets,
                    container.framesPerSecond(),
                    container.stream().codecpar().width(),
                    container.stream().codecpar().height());
        }
    }

    @Override
    public int frameCount() {
        return packets.frames();
    }

    @Override
    public List<Pixels> read(int[] indices) {
        file.checkFrames(indices.length, width, height);
        Optional<List<Pixels>> frames =
                packets.isUsable() ? new FramePass(file, indices, packets).run() : Optional.empty();
        if (frames.isEmpty()) {
            LOG.debug("{}: decoding all frames from the beginning", file.name());
            frames = new FramePass(file, indices, null).run();
        }
        return frames.orElseThrow(() -> file.failure(
                Reason.CORRUPT,
                "the frames must be decodable: fewer can be decoded than the " + frameCount()
                        + " that the container announces; get the file again",
                null));
    }
}
