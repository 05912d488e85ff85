/** The engine: the queue, the scheduler, the slots, and the loop that turns prepared requests into answers. */
@NullMarked
package io.github.internvl.internal.engine;

import org.jspecify.annotations.NullMarked;
