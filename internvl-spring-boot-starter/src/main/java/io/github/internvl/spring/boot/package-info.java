/**
 * A model as a bean of a Spring Boot application: {@code internvl.model} in its properties names the model, and {@link
 * io.github.internvl.InternVL} can be injected everywhere.
 */
@NullMarked
package io.github.internvl.spring.boot;

import org.jspecify.annotations.NullMarked;
