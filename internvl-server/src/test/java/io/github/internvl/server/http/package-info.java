@NullMarked
package io.github.internvl.server.http;

import org.jspecify.annotations.NullMarked;
