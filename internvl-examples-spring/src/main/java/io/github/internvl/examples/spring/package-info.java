/** A Spring Boot application that answers about uploaded pictures; {@code internvl.model} names another model than the demo model. */
@NullMarked
package io.github.internvl.examples.spring;

import org.jspecify.annotations.NullMarked;
