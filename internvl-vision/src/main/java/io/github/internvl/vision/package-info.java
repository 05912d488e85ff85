/** InternVL 2.5 vision. */
@NullMarked
package io.github.internvl.vision;

import org.jspecify.annotations.NullMarked;
