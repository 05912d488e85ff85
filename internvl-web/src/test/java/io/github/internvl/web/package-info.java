/** Tests of the web module. */
@NullMarked
package io.github.internvl.web;

import org.jspecify.annotations.NullMarked;
