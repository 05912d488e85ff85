@NullMarked
package io.github.internvl.examples;

import org.jspecify.annotations.NullMarked;
