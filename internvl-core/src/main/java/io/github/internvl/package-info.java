/** InternVL 2.5 core. */
@NullMarked
package io.github.internvl;

import org.jspecify.annotations.NullMarked;
