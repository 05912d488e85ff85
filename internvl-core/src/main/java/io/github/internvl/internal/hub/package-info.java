/** Model repositories: what the hub holds, what of it is needed, and the cache that is shared with Python. */
@NullMarked
package io.github.internvl.internal.hub;

import org.jspecify.annotations.NullMarked;
