/** The product as users meet it: the trained model, the command in its own process, and an engine that fails. */
@NullMarked
package io.github.internvl.tests.endtoend;

import org.jspecify.annotations.NullMarked;
