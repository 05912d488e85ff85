package io.github.internvl.server.openai;

import com.google.gson.annotations.JsonAdapter;
import io.github.internvl.ChatResponse;
import io.github.internvl.server.http.OmitNull;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The objects of OpenAI's chat protocol as they are written, component by component. Additions of other servers: {@code
 * stop_reason} and {@code reasoning_content} (vLLM), {@code visual_tokens} and {@code boxes} (this one).
 */
final class ChatWire {
    private ChatWire() {}

    record Completion(String id, String object, long created, String model, List<Choice> choices, Usage usage) {}

    record Choice(
            int index,
            Message message,
            @Nullable Logprobs logprobs,
            String finishReason,
            @Nullable String stopReason,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            List<ChatResponse.Box> boxes) {}

    record Message(
            String role,
            @Nullable String content,
            @Nullable String refusal,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            String reasoningContent,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            List<Call> toolCalls) {}

    /** A tool call; {@code index} only in a stream. */
    record Call(
            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            Integer index,

            String id,
            String type,
            Function function) {}

    record Function(String name, String arguments) {}

    /** A chunk of a stream without usage. */
    record Chunk(String id, String object, long created, String model, List<?> choices) {}

    /** A chunk of a stream with usage, which only the last one has. */
    record UsageChunk(
            String id,
            String object,
            long created,
            String model,
            List<?> choices,
            @Nullable Usage usage,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            Timings timings) {}

    /** The times of an answer in milliseconds, and its speed after the first token; null for a single token. */
    record Timings(
            double preprocessMs,
            double queuedMs,
            double visionMs,
            double prefillMs,
            double decodeMs,
            @Nullable Double tokensPerSecond) {}

    /** A choice of a chunk before the answer's end. */
    record Piece(
            int index,
            Delta delta,
            @Nullable Logprobs logprobs,
            @Nullable String finishReason) {}

    /** A choice of the chunk that ends an answer. */
    record LastPiece(
            int index,
            Delta delta,
            @Nullable Logprobs logprobs,
            String finishReason,
            @Nullable String stopReason,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            List<ChatResponse.Box> boxes) {}

    record Delta(
            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            String role,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            String content,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            String reasoningContent,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            List<Call> toolCalls) {}

    record Logprobs(List<TokenLogprob> content, @Nullable String refusal) {}

    /** A token with its log probability; {@code topLogprobs} only at the outer level. */
    record TokenLogprob(
            String token,
            double logprob,
            List<Integer> bytes,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            List<TokenLogprob> topLogprobs) {}

    record Usage(
            int promptTokens,
            int completionTokens,
            int totalTokens,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            PromptDetails promptTokensDetails) {}

    record PromptDetails(int cachedTokens, int imageTokens, int visualTokens) {}
}
