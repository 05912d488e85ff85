/** The rules of the house: sizes, architecture, the public surface, documents, model cards and native code. */
@NullMarked
package io.github.internvl.tests.rules;

import org.jspecify.annotations.NullMarked;
