/** Requests to answers: prompts, scheduling, sampling, the engine's loop. */
@NullMarked
package io.github.internvl.internal.generate;

import org.jspecify.annotations.NullMarked;
