/** The {@code internvl} command: chat about pictures, and a look at checkpoints. */
@NullMarked
package io.github.internvl.cli;

import org.jspecify.annotations.NullMarked;
