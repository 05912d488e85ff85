/** The Hugging Face hub: model repositories by name, downloaded into a cache that is shared with Python. */
@NullMarked
package io.github.internvl.hub;

import org.jspecify.annotations.NullMarked;
