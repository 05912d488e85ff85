/**
 * One short program per section of the InternVL model cards. Pictures are the arguments of each; the system property
 * {@code internvl.model} names the model's folder. Both have defaults within a checkout.
 */
@NullMarked
package io.github.internvl.examples;

import org.jspecify.annotations.NullMarked;
