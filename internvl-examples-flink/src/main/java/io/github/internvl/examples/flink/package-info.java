/** A program of Apache Flink. */
@NullMarked
package io.github.internvl.examples.flink;

import org.jspecify.annotations.NullMarked;
