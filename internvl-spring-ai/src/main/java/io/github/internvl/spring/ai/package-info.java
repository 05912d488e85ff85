/**
 * A model as a chat model of Spring AI: {@link io.github.internvl.spring.ai.InternVLChatModel}, its options, and its bean in a Spring
 * Boot application.
 */
@NullMarked
package io.github.internvl.spring.ai;

import org.jspecify.annotations.NullMarked;
