/** Suspending calls, flows and a builder of requests for Kotlin. Their KDoc stands in the sources. */
@NullMarked
package io.github.internvl.kotlin;

import org.jspecify.annotations.NullMarked;
