/** Tests that start the application. */
@NullMarked
package io.github.internvl.examples.spring;

import org.jspecify.annotations.NullMarked;
