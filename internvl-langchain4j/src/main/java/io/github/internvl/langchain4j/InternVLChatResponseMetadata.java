package io.github.internvl.langchain4j;

import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import io.github.internvl.ChatResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of an answer: LangChain4j's, the time that each phase took, the counts of visual and cached tokens, and the boxes that the
 * text names. Immutable.
 */
public final class InternVLChatResponseMetadata extends ChatResponseMetadata {
    private record Own(ChatResponse.Timings timings, ChatResponse.Usage usage, List<ChatResponse.Box> boxes) {}

    private final Own own;

    private InternVLChatResponseMetadata(Builder builder) {
        super(builder);
        this.own = builder.own;
    }

    static Builder of(ChatResponse answer) {
        return new Builder(new Own(answer.timings(), answer.usage(), answer.boxes()));
    }

    /** The time spent in each phase. */
    public ChatResponse.Timings timings() {
        return own.timings();
    }

    /** The tokens counted, visual and cached ones apart. */
    public ChatResponse.Usage usage() {
        return own.usage();
    }

    /** The boxes that the text holds, in their order; see {@link ChatResponse#boxes}. */
    public List<ChatResponse.Box> boxes() {
        return own.boxes();
    }

    @Override
    public ChatResponseMetadata.Builder<?> toBuilder() {
        return toBuilder(new Builder(own));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return super.equals(other)
                && other instanceof InternVLChatResponseMetadata metadata
                && own.equals(metadata.own);
    }

    @Override
    public int hashCode() {
        return 31 * super.hashCode() + own.hashCode();
    }

    /** Collects what LangChain4j has names for. */
    static final class Builder extends ChatResponseMetadata.Builder<Builder> {
        private final Own own;

        private Builder(Own own) {
            this.own = own;
        }

        @Override
        public InternVLChatResponseMetadata build() {
            return new InternVLChatResponseMetadata(this);
        }
    }
}
