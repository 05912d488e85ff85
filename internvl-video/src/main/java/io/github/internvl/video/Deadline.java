package io.github.internvl.video;

import io.github.internvl.vision.spi.MediaException;
import io.github.internvl.vision.spi.MediaException.Reason;
import io.github.internvl.vision.spi.VideoFile;

/** The time by which the work on a file must be done. */
final class Deadline {
    private final VideoFile file;
    private final long end;

    Deadline(VideoFile file) {
        this.file = file;
        this.end = System.nanoTime() + file.limits().timeout().toNanos();
    }

    boolean hasPassed() {
        return System.nanoTime() - end > 0;
    }

    MediaException failure() {
        return file.failure(
                Reason.TOO_SLOW,
                "decoding must take at most " + file.limits().timeout() + ": it takes longer; take frames nearer to the"
                        + " beginning or raise Video.Options.timeout",
                null);
    }
}
