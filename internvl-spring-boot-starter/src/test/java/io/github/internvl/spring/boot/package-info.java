/** Tests over contexts of Spring Boot. */
@NullMarked
package io.github.internvl.spring.boot;

import org.jspecify.annotations.NullMarked;
