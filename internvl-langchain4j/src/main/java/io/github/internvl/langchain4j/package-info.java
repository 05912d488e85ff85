/**
 * A model of InternVL behind the interfaces of LangChain4j: {@link io.github.internvl.langchain4j.InternVLChatModel}, and from it the
 * streaming model, the batch model and the token counter.
 */
@NullMarked
package io.github.internvl.langchain4j;

import org.jspecify.annotations.NullMarked;
