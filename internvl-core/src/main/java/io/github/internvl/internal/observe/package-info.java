/** The Flight Recorder events: numbers, names and times, never prompts or pictures. */
@NullMarked
package io.github.internvl.internal.observe;

import org.jspecify.annotations.NullMarked;
