package io.github.internvl.server.openai;

import com.google.gson.JsonElement;
import com.google.gson.annotations.JsonAdapter;
import io.github.internvl.server.http.OmitNull;
import io.github.internvl.server.openai.ChatWire.TokenLogprob;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The objects and events of OpenAI's responses protocol as they are written, component by component. */
final class ResponseWire {
    private ResponseWire() {}

    /**
     * A response; the components from {@code metadata} to {@code topP} repeat the request.
     *
     * @param incompleteDetails an {@link Incomplete}, JSON's null for a complete response, or null while it is in progress
     */
    record Response(
            String id,
            String object,
            String model,
            long createdAt,
            JsonElement metadata,
            JsonElement parallelToolCalls,
            JsonElement text,
            JsonElement toolChoice,
            JsonElement tools,
            JsonElement instructions,
            JsonElement maxOutputTokens,
            JsonElement temperature,
            JsonElement topP,
            String status,
            List<Item> output,
            @Nullable String error,
            boolean store,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            Object incompleteDetails,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            Usage usage) {}

    record Incomplete(String reason) {}

    record Usage(
            int inputTokens,
            InputDetails inputTokensDetails,
            int outputTokens,
            OutputDetails outputTokensDetails,
            int totalTokens) {}

    record InputDetails(int cachedTokens, int imageTokens, int visualTokens, int cacheWriteTokens) {}

    record OutputDetails(int reasoningTokens) {}

    /** A part of a response's output. */
    sealed interface Item {}

    record Message(String type, String id, String status, String role, List<Part> content) implements Item {}

    record Call(String type, String id, String callId, String status, String name, String arguments) implements Item {}

    record Part(String type, String text, List<JsonElement> annotations, List<TokenLogprob> logprobs) {}

    /** An event of a stream; the stream counts its events from 0. */
    sealed interface Event {
        String type();
    }

    record ResponseEvent(Response response, String type, int sequenceNumber) implements Event {}

    record ItemEvent(int outputIndex, Item item, String type, int sequenceNumber) implements Event {}

    record PartEvent(Part part, String itemId, int outputIndex, int contentIndex, String type, int sequenceNumber)
            implements Event {}

    record TextDelta(
            String delta,
            List<TokenLogprob> logprobs,
            String itemId,
            int outputIndex,
            int contentIndex,
            String type,
            int sequenceNumber)
            implements Event {}

    record TextDone(
            String text,
            List<TokenLogprob> logprobs,
            String itemId,
            int outputIndex,
            int contentIndex,
            String type,
            int sequenceNumber)
            implements Event {}

    record ArgumentsDelta(String itemId, int outputIndex, String delta, String type, int sequenceNumber)
            implements Event {}

    record ArgumentsDone(String itemId, int outputIndex, String arguments, String name, String type, int sequenceNumber)
            implements Event {}

    record ErrorEvent(
            String message,
            String type,
            @Nullable String param,
            @Nullable String code,
            int sequenceNumber) implements Event {}
}
