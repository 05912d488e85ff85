/**
 * A model that answers the rows of Apache Spark's data frames: {@link io.github.internvl.spark.InternVLSpark} for programs, {@link
 * io.github.internvl.spark.InternVLCatalog} for SQL, and {@link io.github.internvl.spark.InternVLPlugin} for the executors.
 */
@NullMarked
package io.github.internvl.spark;

import org.jspecify.annotations.NullMarked;
