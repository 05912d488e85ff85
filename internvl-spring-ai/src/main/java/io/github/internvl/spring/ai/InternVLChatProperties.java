package io.github.internvl.spring.ai;

import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * The properties of an application that begin with {@code spring.ai.internvl.chat}: the options of prompts that bring none of their
 * own. Editors show the lines below as their descriptions.
 *
 * @param temperature Sampling temperature; 0 for greedy decoding. Default: greedy, or the checkpoint's where sampling is on.
 * @param topP Probability that the kept tokens reach together.
 * @param topK Number of tokens that are kept.
 * @param maxTokens Maximum number of tokens of an answer. Default: 1024.
 * @param frequencyPenalty Penalty of a token for each time that it came.
 * @param presencePenalty Penalty of a token that came.
 * @param stopSequences Texts that end an answer.
 * @param maxTiles Maximum number of tiles of a picture.
 * @param videoFrames Number of frames that are taken of a video. Default: 32.
 * @param seed Seed of sampling. Default: another one each time.
 * @param timeout Time that an answer may take, waiting included, fetching and decoding of media excluded.
 * @param priority Priority; waiting requests with a higher one are served first.
 */
@ConfigurationProperties("spring.ai.internvl.chat")
record InternVLChatProperties(
        @Nullable Double temperature,
        @Nullable Double topP,
        @Nullable Integer topK,
        @Nullable Integer maxTokens,
        @Nullable Double frequencyPenalty,
        @Nullable Double presencePenalty,
        @Nullable List<String> stopSequences,
        @Nullable Integer maxTiles,
        @Nullable Integer videoFrames,
        @Nullable Long seed,
        @Nullable Duration timeout,
        @Nullable Integer priority) {
    private static final String PREFIX = "spring.ai.internvl.chat.";

    /**
     * The options.
     *
     * @throws InvalidConfigurationPropertyValueException naming the property whose value no request can have
     */
    InternVLChatOptions options() {
        InternVLChatOptions.Builder options = InternVLChatOptions.builder();
        set(options, "temperature", temperature, InternVLChatOptions.Builder::temperature);
        set(options, "top-p", topP, InternVLChatOptions.Builder::topP);
        set(options, "top-k", topK, InternVLChatOptions.Builder::topK);
        set(options, "max-tokens", maxTokens, InternVLChatOptions.Builder::maxTokens);
        set(options, "frequency-penalty", frequencyPenalty, InternVLChatOptions.Builder::frequencyPenalty);
        set(options, "presence-penalty", presencePenalty, InternVLChatOptions.Builder::presencePenalty);
        set(options, "stop-sequences", stopSequences, InternVLChatOptions.Builder::stopSequences);
        set(options, "max-tiles", maxTiles, InternVLChatOptions.Builder::maxTiles);
        set(options, "video-frames", videoFrames, InternVLChatOptions.Builder::videoFrames);
        set(options, "seed", seed, InternVLChatOptions.Builder::seed);
        set(options, "timeout", timeout, InternVLChatOptions.Builder::timeout);
        set(options, "priority", priority, InternVLChatOptions.Builder::priority);
        return options.build();
    }

    /** Sets an option, and checks it alone. */
    private static <V> void set(
            InternVLChatOptions.Builder options,
            String name,
            @Nullable V value,
            BiConsumer<InternVLChatOptions.Builder, V> setter) {
        if (value == null) {
            return;
        }
        InternVLChatOptions.Builder alone = InternVLChatOptions.builder();
        setter.accept(alone, value);
        setter.accept(options, value);
        try {
            RequestReader.check(alone.build());
        } catch (IllegalArgumentException e) {
            RuntimeException invalid =
                    new InvalidConfigurationPropertyValueException(PREFIX + name, value, e.getMessage());
            invalid.addSuppressed(e); // it takes no cause
            throw invalid;
        }
    }
}
