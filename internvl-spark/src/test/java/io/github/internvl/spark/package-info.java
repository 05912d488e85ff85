@NullMarked
package io.github.internvl.spark;

import org.jspecify.annotations.NullMarked;
