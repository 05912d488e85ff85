@NullMarked
package io.github.internvl.examples.spark;

import org.jspecify.annotations.NullMarked;
