/** Answers, stages and pictures of the product against the goldens of the reference. */
@NullMarked
package io.github.internvl.tests.conformance;

import org.jspecify.annotations.NullMarked;
