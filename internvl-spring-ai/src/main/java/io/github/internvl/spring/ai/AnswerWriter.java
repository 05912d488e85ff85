package io.github.internvl.spring.ai;

import io.github.internvl.ChatResponse.Usage;
import io.github.internvl.Tool;
import java.util.List;
import java.util.UUID;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * A writer of one answer in Spring AI's terms: whole, or in pieces that together are the whole. Text before tool calls is text, and the
 * calls come whole. Used by one thread at a time.
 */
final class AnswerWriter {
    private static final String TOOL_CALLS = "TOOL_CALLS";

    private final String id = UUID.randomUUID().toString();
    private final String modelName;
    private final boolean tools;
    private final StringBuilder withheld = new StringBuilder();

    /** Reads calls in the text only where the answer may have some. */
    AnswerWriter(String modelName, boolean tools) {
        this.modelName = modelName;
        this.tools = tools;
    }

    /** The whole answer. */
    ChatResponse whole(io.github.internvl.ChatResponse answer) {
        List<AssistantMessage.ToolCall> calls = calls(answer);
        return last(answer, calls, calls.isEmpty() ? answer.text() : beforeCalls(answer.text()));
    }

    /** Adds text, and takes what is certain to belong to no call; white space and a beginning of a call wait for the rest. */
    String withheld(String text) {
        withheld.append(text);
        return take(tools ? certain() : withheld.length());
    }

    /** A piece of the answer. */
    ChatResponse piece(String text) {
        return response(text, List.of(), ChatGenerationMetadata.NULL, metadata());
    }

    /** The last piece: text that was withheld, or calls; and the facts of the answer. */
    ChatResponse end(io.github.internvl.ChatResponse answer) {
        List<AssistantMessage.ToolCall> calls = calls(answer);
        return last(answer, calls, calls.isEmpty() ? take(withheld.length()) : "");
    }

    /** The characters that belong to no call, whatever comes. */
    private int certain() {
        int end = withheld.indexOf(Tool.Call.START);
        if (end < 0) {
            end = withheld.length();
            int begun = Math.min(end, Tool.Call.START.length() - 1);
            while (begun > 0 && !Tool.Call.START.startsWith(withheld.substring(end - begun))) {
                begun--;
            }
            end -= begun;
        }
        while (end > 0 && Character.isWhitespace(withheld.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    private String take(int characters) {
        String text = withheld.substring(0, characters);
        withheld.delete(0, characters);
        return text;
    }

    private static String beforeCalls(String text) {
        return text.substring(0, text.indexOf(Tool.Call.START)).stripTrailing();
    }

    /** The calls, with ids that no other answer has. */
    private List<AssistantMessage.ToolCall> calls(io.github.internvl.ChatResponse answer) {
        return tools
                ? answer.toolCalls().stream()
                        .map(call -> new AssistantMessage.ToolCall(
                                id + "_" + call.id(), "function", call.name(), call.arguments()))
                        .toList()
                : List.of();
    }

    private ChatResponse last(
            io.github.internvl.ChatResponse answer, List<AssistantMessage.ToolCall> calls, String text) {
        Usage usage = answer.usage();
        String reason = calls.isEmpty() ? answer.finishReason().name() : TOOL_CALLS;
        return response(
                text,
                calls,
                ChatGenerationMetadata.builder().finishReason(reason).build(),
                metadata()
                        .usage(new DefaultUsage(
                                usage.promptTokens(),
                                usage.generatedTokens(),
                                usage.promptTokens() + usage.generatedTokens(),
                                usage,
                                (long) usage.cachedTokens(),
                                null))
                        .keyValue("timings", answer.timings())
                        .keyValue("boxes", answer.boxes()));
    }

    private ChatResponseMetadata.Builder metadata() {
        return ChatResponseMetadata.builder().id(id).model(modelName);
    }

    private static ChatResponse response(
            String text,
            List<AssistantMessage.ToolCall> calls,
            ChatGenerationMetadata generation,
            ChatResponseMetadata.Builder metadata) {
        AssistantMessage message =
                AssistantMessage.builder().content(text).toolCalls(calls).build();
        return new ChatResponse(List.of(new Generation(message, generation)), metadata.build());
    }
}
