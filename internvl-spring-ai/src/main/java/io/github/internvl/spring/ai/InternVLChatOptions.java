package io.github.internvl.spring.ai;

import io.github.internvl.ChatRequest;
import io.github.internvl.GenerationConfig;
import io.github.internvl.OutputFormat;
import io.github.internvl.Tool;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;

/**
 * The options of a prompt: those of all chat models, and those that InternVL has beside them. An option that is null is left to the
 * model. Immutable, apart from the tools' context.
 *
 * <p>A temperature, a top-k or a top-p switches sampling on, and a temperature of 0 switches it off. An output schema is enforced:
 * {@link OutputFormat#jsonSchema} says what that means and which schemas are supported.
 */
public final class InternVLChatOptions extends DefaultToolCallingChatOptions implements StructuredOutputChatOptions {
    private final Builder set; // a copy that is never changed

    private InternVLChatOptions(ToolCallingChatOptions shared, Builder set) {
        super(
                shared.getToolCallbacks(),
                shared.getToolContext(),
                shared.getModel(),
                shared.getFrequencyPenalty(),
                shared.getMaxTokens(),
                shared.getPresencePenalty(),
                shared.getStopSequences(),
                shared.getTemperature(),
                shared.getTopK(),
                shared.getTopP());
        this.set = set;
    }

    /** A builder without any option. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Builder mutate() {
        return set.clone();
    }

    /** The most tiles of a picture or a frame; null for as many as the model has, and one for a frame. */
    public @Nullable Integer getMaxTiles() {
        return set.maxTiles;
    }

    /** The number of frames that are taken of a video; null for 32. */
    public @Nullable Integer getVideoFrames() {
        return set.videoFrames;
    }

    /** The seed of sampling; null for another one each time. */
    public @Nullable Long getSeed() {
        return set.seed;
    }

    /**
     * The time that an answer may take, waiting included, fetching and decoding of media excluded; null for no limit. It cuts the
     * answer short: the finish reason is {@code TIMEOUT}.
     */
    public @Nullable Duration getTimeout() {
        return set.timeout;
    }

    /** The priority; null for 0. Waiting requests with a higher one are served first. */
    public @Nullable Integer getPriority() {
        return set.priority;
    }

    /** The format of the answer, enforced; null for free text. */
    public @Nullable OutputFormat getFormat() {
        return set.format;
    }

    /**
     * Whether the model must, may or must not call a tool; null: it may. After the result of a tool it never must, so that the loop
     * that carries out calls comes to an answer.
     */
    public Tool.@Nullable Choice getToolChoice() {
        return set.toolChoice;
    }

    /** The JSON schema of the answer, if its {@linkplain #getFormat() format} is one. */
    @Override
    public @Nullable String getOutputSchema() {
        OutputFormat format = set.format;
        return format != null && format.kind() == OutputFormat.Kind.JSON_SCHEMA
                ? format.texts().get(0)
                : null;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return super.equals(other)
                && other instanceof InternVLChatOptions options
                && set.own().equals(options.set.own());
    }

    @Override
    public int hashCode() {
        return Objects.hash(super.hashCode(), set.own());
    }

    /** Collects options. Not thread-safe. */
    public static final class Builder extends DefaultToolCallingChatOptions.Builder<Builder>
            implements StructuredOutputChatOptions.Builder<Builder> {
        private @Nullable Integer maxTiles;
        private @Nullable Integer videoFrames;
        private @Nullable Long seed;
        private @Nullable Duration timeout;
        private @Nullable Integer priority;
        private @Nullable OutputFormat format;
        private Tool.@Nullable Choice toolChoice;

        private Builder() {}

        /** Sets the most tiles of a picture or a frame, 1 to 1024: {@link ChatRequest.Builder#maxTiles}. */
        public Builder maxTiles(@Nullable Integer tiles) {
            this.maxTiles = tiles;
            return this;
        }

        /** Sets the number of frames that are taken of a video. */
        public Builder videoFrames(@Nullable Integer frames) {
            this.videoFrames = frames;
            return this;
        }

        /** Sets the seed of sampling: {@link GenerationConfig.Builder#seed}. */
        public Builder seed(@Nullable Long value) {
            this.seed = value;
            return this;
        }

        /** Sets the time that an answer may take: {@link ChatRequest.Builder#timeout}. */
        public Builder timeout(@Nullable Duration most) {
            this.timeout = most;
            return this;
        }

        /** Sets the priority: {@link ChatRequest.Builder#priority}. */
        public Builder priority(@Nullable Integer value) {
            this.priority = value;
            return this;
        }

        /** Sets the format of the answer, and takes the place of an output schema. */
        public Builder format(@Nullable OutputFormat shape) {
            this.format = shape;
            return this;
        }

        /** Sets whether the model must, may or must not call a tool. */
        public Builder toolChoice(Tool.@Nullable Choice choice) {
            this.toolChoice = choice;
            return this;
        }

        /** Sets the format of the answer to a JSON schema; null for free text. */
        @Override
        public Builder outputSchema(@Nullable String schema) {
            return format(schema == null ? null : OutputFormat.jsonSchema(schema));
        }

        /** Takes over the options that the other builder has. Stop sequences and tools are added to those that are here. */
        @Override
        public Builder combineWith(ChatOptions.Builder<?> other) {
            super.combineWith(other);
            if (other instanceof Builder that) {
                maxTiles = first(that.maxTiles, maxTiles);
                videoFrames = first(that.videoFrames, videoFrames);
                seed = first(that.seed, seed);
                timeout = first(that.timeout, timeout);
                priority = first(that.priority, priority);
                format = first(that.format, format);
                toolChoice = first(that.toolChoice, toolChoice);
            } else if (other.build() instanceof StructuredOutputChatOptions structured
                    && structured.getOutputSchema() != null) {
                outputSchema(structured.getOutputSchema());
            }
            return this;
        }

        private static <T> @Nullable T first(@Nullable T preferred, @Nullable T otherwise) {
            return preferred == null ? otherwise : preferred;
        }

        private List<@Nullable Object> own() {
            return Arrays.asList(maxTiles, videoFrames, seed, timeout, priority, format, toolChoice);
        }

        @Override
        public InternVLChatOptions build() {
            return new InternVLChatOptions(super.build(), clone());
        }
    }
}
