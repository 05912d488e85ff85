/** The {@code internvl} command: chat, a server, downloads, benchmarks, and facts about models. */
@NullMarked
package io.github.internvl.cli;

import org.jspecify.annotations.NullMarked;
