@NullMarked
package io.github.internvl.server;

import org.jspecify.annotations.NullMarked;
