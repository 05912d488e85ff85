@NullMarked
package io.github.internvl.demo;

import org.jspecify.annotations.NullMarked;
