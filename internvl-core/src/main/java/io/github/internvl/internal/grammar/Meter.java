package io.github.internvl.internal.grammar;

/** Counts the work that a format causes. It ends the work by throwing where there is too much of it, or where nobody waits. */
@FunctionalInterface
public interface Meter {
    /** A meter that never ends the work. */
    Meter FREE = steps -> {};

    /** Charges some steps: a step is a schema, or a term read over one byte; a term that is made is two. */
    void charge(long steps);
}
