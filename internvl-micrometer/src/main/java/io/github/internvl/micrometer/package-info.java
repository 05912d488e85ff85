/** A model's metrics for Micrometer, and through it for Prometheus and others. */
@NullMarked
package io.github.internvl.micrometer;

import org.jspecify.annotations.NullMarked;
