/** Tests over the demo model, among them Spring AI's own for chat models. */
@NullMarked
package io.github.internvl.spring.ai;

import org.jspecify.annotations.NullMarked;
