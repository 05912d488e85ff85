package io.github.internvl.langchain4j;

import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import io.github.internvl.OutputFormat;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The parameters of a request: LangChain4j's, and those of InternVL beside them. A value that is null is left to the defaults. Immutable. */
public final class InternVLChatRequestParameters extends DefaultChatRequestParameters {
    private record Own(
            @Nullable Integer maxTiles,
            @Nullable Integer videoFrames,
            @Nullable Long seed,
            @Nullable Duration timeout,
            @Nullable Integer priority,
            @Nullable OutputFormat format,
            @Nullable String requiredTool) {}

    private final Own own;

    private InternVLChatRequestParameters(Builder builder) {
        super(builder);
        this.own = builder.own();
    }

    /** Starts without any value. */
    public static Builder builder() {
        return new Builder();
    }

    /** Most tiles of each picture and frame; null where the detail level of a picture decides. */
    public @Nullable Integer maxTiles() {
        return own.maxTiles();
    }

    /** Number of frames of each video. */
    public @Nullable Integer videoFrames() {
        return own.videoFrames();
    }

    /** Seed of a sampled answer. */
    public @Nullable Long seed() {
        return own.seed();
    }

    /** Time that the answer may take. */
    public @Nullable Duration timeout() {
        return own.timeout();
    }

    /** Priority in the queue. */
    public @Nullable Integer priority() {
        return own.priority();
    }

    /** Format of the answer. */
    public @Nullable OutputFormat format() {
        return own.format();
    }

    /** Name of the tool that must be called. */
    public @Nullable String requiredTool() {
        return own.requiredTool();
    }

    @Override
    public InternVLChatRequestParameters overrideWith(ChatRequestParameters that) {
        return builder().overrideWith(this).overrideWith(that).build();
    }

    @Override
    public InternVLChatRequestParameters defaultedBy(ChatRequestParameters that) {
        return builder().overrideWith(that).overrideWith(this).build();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return super.equals(other)
                && other instanceof InternVLChatRequestParameters parameters
                && own.equals(parameters.own);
    }

    @Override
    public int hashCode() {
        return 31 * super.hashCode() + own.hashCode();
    }

    @Override
    public String toString() {
        return "InternVLChatRequestParameters[" + super.toString() + ", " + own + "]";
    }

    /** Collects parameters. Not thread-safe. */
    public static final class Builder extends DefaultChatRequestParameters.Builder<Builder> {
        private @Nullable Integer maxTiles;
        private @Nullable Integer videoFrames;
        private @Nullable Long seed;
        private @Nullable Duration timeout;
        private @Nullable Integer priority;
        private @Nullable OutputFormat format;
        private @Nullable String requiredTool;

        private Builder() {}

        private Own own() {
            return new Own(maxTiles, videoFrames, seed, timeout, priority, format, requiredTool);
        }

        /**
         * Takes each value that is given. A given response format also clears a format from before, a given tool choice a required tool,
         * and the other way round.
         *
         * @throws UnsupportedFeatureException if they are another provider's
         */
        @Override
        public Builder overrideWith(ChatRequestParameters parameters) {
            if (!(parameters instanceof InternVLChatRequestParameters)
                    && parameters.getClass() != DefaultChatRequestParameters.class) {
                throw new UnsupportedFeatureException("parameters of another provider are not supported: "
                        + parameters.getClass().getName()
                        + "; use InternVLChatRequestParameters or ChatRequestParameters.builder()");
            }
            super.overrideWith(parameters);
            if (parameters.responseFormat() != null) {
                format = null;
            }
            if (parameters.toolChoice() != null) {
                requiredTool = null;
            }
            if (parameters instanceof InternVLChatRequestParameters given) {
                clearOverridden(given);
                maxTiles = or(given.maxTiles(), maxTiles);
                videoFrames = or(given.videoFrames(), videoFrames);
                seed = or(given.seed(), seed);
                timeout = or(given.timeout(), timeout);
                priority = or(given.priority(), priority);
                format = or(given.format(), format);
                requiredTool = or(given.requiredTool(), requiredTool);
            }
            return this;
        }

        /** Clears the response format and the tool choice where only values of ours are given in their place. */
        private void clearOverridden(InternVLChatRequestParameters given) {
            if (given.format() != null && given.responseFormat() == null) {
                responseFormat((ResponseFormat) null);
            }
            if (given.requiredTool() != null && given.toolChoice() == null) {
                toolChoice(null);
            }
        }

        private static <T> @Nullable T or(@Nullable T given, @Nullable T known) {
            return given == null ? known : given;
        }

        /** Sets the most tiles of each picture and frame, 1 to 1024, in place of the pictures' detail levels. */
        public Builder maxTiles(@Nullable Integer tiles) {
            this.maxTiles = tiles;
            return this;
        }

        /** Sets the number of frames of each video, at least 1; without it 32, as in the model cards. */
        public Builder videoFrames(@Nullable Integer count) {
            this.videoFrames = count;
            return this;
        }

        /** Sets the seed, which makes a sampled answer repeatable. */
        public Builder seed(@Nullable Long value) {
            this.seed = value;
            return this;
        }

        /**
         * Sets the time that the answer may take, from when its pictures and videos are fetched and decoded; one that is not complete by
         * then is a {@code TimeoutException}.
         */
        public Builder timeout(@Nullable Duration most) {
            this.timeout = most;
            return this;
        }

        /** Sets the priority: waiting requests with a higher one are served first. Without it 0. */
        public Builder priority(@Nullable Integer value) {
            this.priority = value;
            return this;
        }

        /** Sets the format of the answer, such as a regular expression or a choice of texts, in place of the response format. One request may not have both. */
        public Builder format(@Nullable OutputFormat shape) {
            this.format = shape;
            return this;
        }

        /** Sets the tool that must be called, one of the request's. A tool choice beside it must be {@code REQUIRED}. */
        public Builder requiredTool(@Nullable String name) {
            this.requiredTool = name;
            return this;
        }

        @Override
        public InternVLChatRequestParameters build() {
            return new InternVLChatRequestParameters(this);
        }
    }
}
