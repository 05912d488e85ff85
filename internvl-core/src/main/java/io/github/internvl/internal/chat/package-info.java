/** The way of a request between the public API and the engine: checks, prompts, callbacks, metrics, responses. */
@NullMarked
package io.github.internvl.internal.chat;

import org.jspecify.annotations.NullMarked;
