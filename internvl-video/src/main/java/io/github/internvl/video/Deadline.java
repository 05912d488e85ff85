package io.github.internvl.video;

import io.github.internvl.vision.VideoException;
import io.github.internvl.vision.VideoException.Reason;
import io.github.internvl.vision.VideoFile;

/** The time by which the work on a file must be done. */
final class Deadline {
    private final VideoFile file;
    private final long end;

    Deadline(VideoFile file) {
        this.file = file;
        this.end = System.nanoTime() + file.options().timeout().toNanos();
    }

    boolean hasPassed() {
        return System.nanoTime() - end > 0;
    }

    VideoException failure() {
        return file.failure(
                Reason.TOO_SLOW,
                "decoding must take at most " + file.options().timeout()
                        + ": it takes longer; take frames nearer to the" + " beginning or raise VideoOptions.timeout",
                null);
    }
}
