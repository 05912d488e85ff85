package io.github.internvl.internal.model;

/**
 * A tensor that a graph needs.
 *
 * @param name its name in the graph
 * @param stored its name in the checkpoint
 * @param optional whether the graph can do without (a tied head)
 * @param shape its sizes
 */
record Weight(String name, String stored, boolean optional, long... shape) {}
