@NullMarked
package io.github.internvl.server.openai;

import org.jspecify.annotations.NullMarked;
