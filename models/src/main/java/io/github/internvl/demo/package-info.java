/** The demo model as a dependency of tests: a small InternVL that really answers, and pictures to ask it about. */
@NullMarked
package io.github.internvl.demo;

import org.jspecify.annotations.NullMarked;
