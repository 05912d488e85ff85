/** A program of Apache Spark. */
@NullMarked
package io.github.internvl.examples.spark;

import org.jspecify.annotations.NullMarked;
