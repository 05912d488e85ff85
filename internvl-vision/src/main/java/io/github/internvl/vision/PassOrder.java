package io.github.internvl.vision;

/**
 * Which pass of a resize comes first. Bytes are rounded between the passes, so a few of them depend on it; Pillow,
 * whose resize the reference uses, has changed its mind once.
 */
public enum PassOrder {
    /** Along rows first: every Pillow up to 12, and so all that the models were trained and evaluated with. */
    ROWS_FIRST,
    /** Along columns first where that is less work: Pillow 13. */
    LESS_WORK_FIRST;

    /** Whether a picture of this size is resized along its columns first. */
    boolean isColumnsFirst(int width, int height, int newWidth, int newHeight) {
        int shrinks = height - newHeight;
        return this == LESS_WORK_FIRST && shrinks > 0 && shrinks > 2 * (width - newWidth);
    }
}
