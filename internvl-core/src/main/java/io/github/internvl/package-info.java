/**
 * InternVL in a JVM program: load a model with {@link io.github.internvl.InternVL}, ask it about pictures, get a
 * {@link io.github.internvl.ChatResponse} or a {@link io.github.internvl.ChatStream}.
 */
@NullMarked
package io.github.internvl;

import org.jspecify.annotations.NullMarked;
