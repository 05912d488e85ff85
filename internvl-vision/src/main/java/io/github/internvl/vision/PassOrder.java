package io.github.internvl.vision;

/**
 * The first of the two passes of a resize. Values are rounded to bytes between the passes, so that a few bytes depend on the
 * order. Pillow, whose resize the reference uses, changed its order in version 13.
 */
public enum PassOrder {
    /** Along rows first: every Pillow up to 12, with which the models were trained and evaluated. */
    ROWS_FIRST,
    /** Along columns first where that is less work: Pillow 13. */
    LESS_WORK_FIRST;
}
