/** Output formats as rules of a request: compiled once for all requests, with masks computed off the engine's thread. */
@NullMarked
package io.github.internvl.internal.format;

import org.jspecify.annotations.NullMarked;
