@NullMarked
package io.github.internvl.examples.flink;

import org.jspecify.annotations.NullMarked;
