package io.github.internvl.spring.ai;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

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
 * @param timeout Time that an answer may take, waiting included.
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
    InternVLChatOptions options() {
        return InternVLChatOptions.builder()
                .temperature(temperature)
                .topP(topP)
                .topK(topK)
                .maxTokens(maxTokens)
                .frequencyPenalty(frequencyPenalty)
                .presencePenalty(presencePenalty)
                .stopSequences(stopSequences)
                .maxTiles(maxTiles)
                .videoFrames(videoFrames)
                .seed(seed)
                .timeout(timeout)
                .priority(priority)
                .build();
    }
}
