package io.github.internvl.langchain4j;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.message.VideoContent;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.JsonSchemaElementJsonUtils;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import io.github.internvl.ChatRequest;
import io.github.internvl.ChatRequest.Tiling;
import io.github.internvl.GenerationConfig;
import io.github.internvl.Message;
import io.github.internvl.OutputFormat;
import io.github.internvl.Tool;
import io.github.internvl.vision.Video;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A reader of LangChain4j's requests. Thread-safe.
 *
 * @param modelName the only model that a request may name
 * @param media the reader of pictures and videos
 */
record RequestReader(String modelName, MediaReader media) {
    private static final Gson JSON = new GsonBuilder().serializeNulls().create(); // a constant of a schema may be null

    /** The whole request; pictures are fetched and decoded. */
    ChatRequest read(dev.langchain4j.model.chat.request.ChatRequest request) {
        InternVLChatRequestParameters parameters = parameters(request.parameters());
        return settings(parameters)
                .messages(messages(request.messages(), parameters))
                .build();
    }

    /** A request that lacks its messages. Parameters that are not supported are refused. */
    ChatRequest.Builder settings(ChatRequestParameters given) {
        InternVLChatRequestParameters parameters = parameters(given);
        if (given.modelName() != null && !given.modelName().equals(modelName)) {
            throw new UnsupportedFeatureException("another modelName is not supported, as the model is loaded already: "
                    + given.modelName() + " instead of " + modelName + "; leave it out");
        }
        refuseContradictions(parameters);
        ChatRequest.Builder request = ChatRequest.builder()
                .untrustedText(true)
                .generation(generation(parameters))
                .tools(parameters.toolSpecifications().stream()
                        .map(RequestReader::tool)
                        .toList())
                .toolChoice(choice(parameters));
        set(parameters.timeout(), request::timeout);
        set(parameters.priority(), request::priority);
        set(parameters.maxTiles(), request::maxTiles);
        return request;
    }

    private static void refuseContradictions(InternVLChatRequestParameters parameters) {
        if (parameters.format() != null && parameters.responseFormat() != null) {
            throw new InvalidRequestException("a request must have a format or a responseFormat, not both: "
                    + parameters.format() + " and " + parameters.responseFormat() + "; leave out one");
        }
        ToolChoice choice = parameters.toolChoice();
        if (parameters.requiredTool() != null && choice != null && choice != ToolChoice.REQUIRED) {
            throw new InvalidRequestException("toolChoice must be REQUIRED beside requiredTool, "
                    + parameters.requiredTool() + ": " + choice + "; leave out one");
        }
        Integer frames = parameters.videoFrames();
        if (frames != null && frames < 1) {
            throw new InvalidRequestException("videoFrames must be at least 1: " + frames + "; leave it out for 32");
        }
    }

    private static InternVLChatRequestParameters parameters(ChatRequestParameters given) {
        return given instanceof InternVLChatRequestParameters own
                ? own
                : InternVLChatRequestParameters.builder().overrideWith(given).build();
    }

    private static GenerationConfig generation(InternVLChatRequestParameters parameters) {
        GenerationConfig.Builder config = GenerationConfig.builder().format(format(parameters));
        set(parameters.topP(), config::topP);
        set(parameters.topK(), config::topK);
        Double temperature = parameters.temperature();
        if (temperature != null && temperature == 0) {
            config.sampling(false);
        } else {
            set(temperature, config::temperature);
        }
        set(parameters.frequencyPenalty(), config::frequencyPenalty);
        set(parameters.presencePenalty(), config::presencePenalty);
        set(parameters.maxOutputTokens(), config::maxNewTokens);
        set(parameters.seed(), config::seed);
        return config.stop(parameters.stopSequences().toArray(String[]::new)).build();
    }

    private static <T> void set(@Nullable T value, Consumer<T> setter) {
        if (value != null) {
            setter.accept(value);
        }
    }

    private static OutputFormat format(InternVLChatRequestParameters parameters) {
        if (parameters.format() != null) {
            return parameters.format();
        }
        ResponseFormat format = parameters.responseFormat();
        if (format == null || format.type() == ResponseFormatType.TEXT) {
            return OutputFormat.text();
        }
        return format.jsonSchema() == null
                ? OutputFormat.json()
                : OutputFormat.jsonSchema(schema(format.jsonSchema().rootElement()));
    }

    private static String schema(JsonSchemaElement element) {
        return JSON.toJson(JsonSchemaElementJsonUtils.toMap(element));
    }

    private static Tool tool(ToolSpecification tool) {
        String description = tool.description() == null ? "" : tool.description();
        return tool.parameters() == null
                ? new Tool(tool.name(), description)
                : new Tool(tool.name(), description, schema(tool.parameters()));
    }

    private static Tool.Choice choice(InternVLChatRequestParameters parameters) {
        if (parameters.requiredTool() != null) {
            return Tool.Choice.named(parameters.requiredTool());
        }
        ToolChoice choice = parameters.toolChoice();
        return switch (choice == null ? ToolChoice.AUTO : choice) {
            case AUTO -> Tool.Choice.auto();
            case REQUIRED -> Tool.Choice.required();
            case NONE -> Tool.Choice.none();
        };
    }

    private List<Message> messages(List<ChatMessage> messages, InternVLChatRequestParameters parameters) {
        List<Message> read = new ArrayList<>();
        for (ChatMessage message : messages) {
            if (message instanceof SystemMessage system) {
                read.add(new Message.System(system.text()));
            } else if (message instanceof UserMessage user) {
                read.add(new Message.User(contents(user.contents(), parameters)));
            } else if (message instanceof AiMessage answer) {
                read.add(new Message.Assistant(
                        answer.text() == null ? "" : answer.text(),
                        answer.toolExecutionRequests().stream()
                                .map(RequestReader::call)
                                .toList()));
            } else if (message instanceof ToolExecutionResultMessage result) {
                addResult(read, result.id(), contents(result.contents(), parameters));
            } else {
                throw new UnsupportedFeatureException("a message of the type " + message.type()
                        + " is not supported; send its text as a user message");
            }
        }
        return read;
    }

    private static Tool.Call call(ToolExecutionRequest call) {
        return new Tool.Call(
                call.id() == null ? "" : call.id(), call.name(), call.arguments() == null ? "{}" : call.arguments());
    }

    /** A tool's result is text; its pictures are shown by the user after it. */
    private static void addResult(List<Message> read, @Nullable String id, List<Message.Content> contents) {
        List<String> words = new ArrayList<>();
        List<Message.Content> shown = new ArrayList<>();
        for (Message.Content content : contents) {
            if (content instanceof Message.Text text) {
                words.add(text.text());
            } else {
                shown.add(content);
            }
        }
        read.add(new Message.ToolResult(id, String.join("\n", words)));
        if (!shown.isEmpty()) {
            read.add(new Message.User(shown));
        }
    }

    private List<Message.Content> contents(List<Content> contents, InternVLChatRequestParameters parameters) {
        List<Message.Content> read = new ArrayList<>();
        for (Content content : contents) {
            if (content instanceof TextContent text) {
                read.add(new Message.Text(text.text().replace("<image>", "< image>"))); // the contents place pictures
            } else if (content instanceof ImageContent image) {
                Tiling tiling = parameters.maxTiles() == null ? MediaReader.tiling(image.detailLevel()) : Tiling.OPEN;
                read.add(new Message.Picture(media.image(image), tiling));
            } else if (content instanceof VideoContent video) {
                read.add(clip(media.video(video.video()), parameters.videoFrames(), parameters.maxTiles()));
            } else {
                throw new UnsupportedFeatureException("contents of the type " + content.type()
                        + " are not supported; send text, pictures or a video");
            }
        }
        return read;
    }

    private static Message.Clip clip(Video video, @Nullable Integer frames, @Nullable Integer maxTiles) {
        Message.Clip clip =
                frames == null ? Message.Clip.of(video) : Message.Clip.of(video, Video.Sampling.frames(frames));
        return maxTiles == null ? clip : new Message.Clip(clip.frames(), Tiling.OPEN.withMaxTiles(maxTiles));
    }
}
