/** Metrics of a model in Micrometer, for Prometheus and other monitoring systems. */
@NullMarked
package io.github.internvl.micrometer;

import org.jspecify.annotations.NullMarked;
