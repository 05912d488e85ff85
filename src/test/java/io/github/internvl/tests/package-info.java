/** Tests that look at all modules together: the rules of the house, the public surface, the documents and the answers. */
@NullMarked
package io.github.internvl.tests;

import org.jspecify.annotations.NullMarked;
