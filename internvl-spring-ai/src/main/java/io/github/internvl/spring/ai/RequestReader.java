package io.github.internvl.spring.ai;

import io.github.internvl.ChatRequest;
import io.github.internvl.GenerationConfig;
import io.github.internvl.Message;
import io.github.internvl.Tool;
import io.github.internvl.vision.Video;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.tool.ToolCallback;

/**
 * A reader of Spring AI's prompts. Thread-safe.
 *
 * @param modelName the only model that a prompt may name
 * @param media the reader of pictures and videos
 */
record RequestReader(String modelName, MediaReader media) {
    /** The whole request; pictures are fetched and decoded. */
    ChatRequest read(List<org.springframework.ai.chat.messages.Message> messages, InternVLChatOptions options) {
        if (options.getModel() != null && !options.getModel().equals(modelName)) {
            throw new IllegalArgumentException(
                    "a prompt must name the model that is loaded, " + modelName + ", or none: " + options.getModel());
        }
        ChatRequest.Builder request = settings(options);
        if (hasResults(messages) && isForced(options.getToolChoice())) {
            request.toolChoice(Tool.Choice.auto()); // the options stay the same in all rounds: it would call for ever
        }
        return request.messages(messages(messages, options)).build();
    }

    private static boolean hasResults(List<org.springframework.ai.chat.messages.Message> messages) {
        return !messages.isEmpty() && messages.get(messages.size() - 1) instanceof ToolResponseMessage;
    }

    private static boolean isForced(Tool.@Nullable Choice choice) {
        return choice != null && !choice.equals(Tool.Choice.auto()) && !choice.equals(Tool.Choice.none());
    }

    /**
     * Checks options that stand in no prompt yet.
     *
     * @throws IllegalArgumentException if a request cannot have them
     */
    static void check(InternVLChatOptions options) {
        settings(options);
        set(options.getVideoFrames(), Video.Sampling::frames);
    }

    /** A request that lacks its messages. */
    private static ChatRequest.Builder settings(InternVLChatOptions options) {
        ChatRequest.Builder request = ChatRequest.builder()
                .untrustedText(true)
                .generation(generation(options))
                .tools(tools(options.getToolCallbacks()));
        set(options.getToolChoice(), request::toolChoice);
        set(options.getTimeout(), request::timeout);
        set(options.getPriority(), request::priority);
        set(options.getMaxTiles(), request::maxTiles);
        return request;
    }

    private static GenerationConfig generation(InternVLChatOptions options) {
        GenerationConfig.Builder config = GenerationConfig.builder();
        set(options.getTopP(), config::topP);
        set(options.getTopK(), config::topK);
        Double temperature = options.getTemperature();
        if (temperature != null && temperature == 0) {
            config.sampling(false);
        } else {
            set(temperature, config::temperature);
        }
        set(options.getFrequencyPenalty(), config::frequencyPenalty);
        set(options.getPresencePenalty(), config::presencePenalty);
        set(options.getMaxTokens(), config::maxNewTokens);
        set(options.getSeed(), config::seed);
        set(options.getFormat(), config::format);
        set(options.getStopSequences(), texts -> config.stop(texts.toArray(String[]::new)));
        return config.build();
    }

    private static <T> void set(@Nullable T value, Consumer<T> setter) {
        if (value != null) {
            setter.accept(value);
        }
    }

    private static List<Tool> tools(@Nullable List<ToolCallback> callbacks) {
        return callbacks == null
                ? List.of()
                : callbacks.stream()
                        .map(ToolCallback::getToolDefinition)
                        .map(tool -> new Tool(tool.name(), tool.description(), tool.inputSchema()))
                        .toList();
    }

    private List<Message> messages(
            List<org.springframework.ai.chat.messages.Message> messages, InternVLChatOptions options) {
        List<Message> read = new ArrayList<>();
        for (org.springframework.ai.chat.messages.Message message : messages) {
            if (message instanceof SystemMessage system) {
                addSystem(read, text(system));
            } else if (message instanceof UserMessage user) {
                read.add(new Message.User(contents(user, options)));
            } else if (message instanceof AssistantMessage answer) {
                read.add(assistant(answer));
            } else if (message instanceof ToolResponseMessage results) {
                results.getResponses()
                        .forEach(result -> read.add(new Message.ToolResult(result.id(), result.responseData())));
            } else {
                throw new IllegalArgumentException(
                        "a message must be of the system, the user, the assistant or a tool: "
                                + message.getMessageType() + "; send its text as a user message");
            }
        }
        return read;
    }

    private static Message.Assistant assistant(AssistantMessage answer) {
        if (!answer.getMedia().isEmpty()) {
            throw new IllegalArgumentException("a message of the assistant must have no media: "
                    + answer.getMedia().size() + "; send them in a user message");
        }
        return new Message.Assistant(
                text(answer),
                answer.getToolCalls().stream()
                        .map(call -> new Tool.Call(call.id(), call.name(), call.arguments()))
                        .toList());
    }

    /** Leaves out an empty system message, which advisors of tools send where there is none; the model's own stays. */
    private static void addSystem(List<Message> read, String text) {
        if (!text.isEmpty()) {
            read.add(new Message.System(text));
        }
    }

    private static String text(org.springframework.ai.chat.messages.Message message) {
        return message.getText() == null ? "" : message.getText();
    }

    /** The media of a message, which have no places among its words, and then its words, whose tags are ordinary text. */
    private List<Message.Content> contents(UserMessage message, InternVLChatOptions options) {
        List<Message.Content> contents = new ArrayList<>();
        message.getMedia().forEach(found -> contents.add(media.read(found, options)));
        contents.add(new Message.Text(text(message).replace("<image>", "< image>")));
        return contents;
    }
}
