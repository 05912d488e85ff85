/** Checkpoints on disk: configuration, safetensors, names. */
@NullMarked
package io.github.internvl.internal.checkpoint;

import org.jspecify.annotations.NullMarked;
