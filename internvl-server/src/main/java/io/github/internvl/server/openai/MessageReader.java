package io.github.internvl.server.openai;

import com.google.gson.JsonPrimitive;
import io.github.internvl.ChatRequest;
import io.github.internvl.Message;
import io.github.internvl.Tool;
import io.github.internvl.server.http.HeapBudget;
import io.github.internvl.server.http.JsonFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** A reader of {@code messages}, which decodes their pictures. Used by one thread. */
final class MessageReader {
    private static final int MOST_TILES = 1024;

    /** The tile limit for a picture's {@code detail}, as in LMDeploy; {@code auto} keeps the checkpoint's limit. */
    private static final Map<String, OptionalInt> DETAILS = Map.of(
            "low", OptionalInt.of(6),
            "medium", OptionalInt.of(12),
            "high", OptionalInt.of(24),
            "auto", OptionalInt.empty());

    private final MediaReader media;
    private final HeapBudget.Share memory;

    private MessageReader(MediaReader media, HeapBudget.Share memory) {
        this.media = media;
        this.memory = memory;
    }

    /** Reads the messages of a field into a request. */
    static ChatRequest.Builder read(JsonFields body, String name, MediaReader media, HeapBudget.Share memory) {
        MessageReader reader = new MessageReader(media, memory);
        List<JsonFields> messages = body.objects(name);
        List<Message> dialogue = new ArrayList<>();
        messages.forEach(message -> dialogue.add(reader.message(message)));
        try {
            return ChatRequest.builder().messages(dialogue);
        } catch (Message.MisplacedException e) {
            throw e.index() < messages.size()
                    ? messages.get(e.index())
                            .invalid("content", "must not follow another user message if one of them has a video")
                    : body.invalid(name, "must end with a message of the role user or tool");
        }
    }

    private Message message(JsonFields message) {
        return switch (message.required("role")) {
            case "system", "developer" -> new Message.System(plainText(message));
            case "user" -> user(message);
            case "tool" -> new Message.ToolResult(message.string("tool_call_id"), plainText(message));
            case "assistant" -> answer(message);
            default -> throw message.invalid("role", "must be system, developer, user, assistant or tool");
        };
    }

    private static Message answer(JsonFields message) {
        String text = message.has("content") ? plainText(message) : "";
        List<Tool.Call> calls = new ArrayList<>();
        for (JsonFields call : message.objects("tool_calls")) {
            JsonFields function = call.object("function");
            if (function == null) {
                throw call.invalid("function", "is required and must be an object");
            }
            String id = call.string("id");
            calls.add(new Tool.Call(id == null ? "" : id, function.required("name"), function.required("arguments")));
        }
        return new Message.Assistant(text, calls);
    }

    /** Content of text only: a string, or text parts. */
    private static String plainText(JsonFields message) {
        if (message.any("content") == null) {
            throw message.invalid("content", "is required");
        }
        if (!message.any("content").isJsonArray()) {
            return message.required("content");
        }
        List<String> texts = new ArrayList<>();
        for (JsonFields part : message.objects("content")) {
            String type = part.required("type");
            if (!type.equals("text") && !type.equals("refusal")) {
                throw part.invalid("type", "must be text in a message of the role " + message.string("role"));
            }
            texts.add(part.required(type));
        }
        return String.join("\n", texts);
    }

    private Message.User user(JsonFields message) {
        if (!message.has("content")) {
            throw message.invalid("content", "is required and must be a string or an array of parts");
        }
        if (message.any("content") instanceof JsonPrimitive) {
            return Message.User.of(message.required("content"));
        }
        List<Message.Content> contents = new ArrayList<>();
        boolean clip = false;
        for (JsonFields part : message.objects("content")) {
            Message.Content content = content(part);
            contents.add(content);
            clip |= content instanceof Message.Clip;
            if (clip && !(content instanceof Message.Text)) {
                user(contents, message); // refuses it before more is decoded
            }
        }
        return user(contents, message);
    }

    private static Message.User user(List<Message.Content> contents, JsonFields message) {
        try {
            return new Message.User(contents);
        } catch (Message.MisplacedException e) {
            throw e.index() < contents.size()
                    ? message.objects("content")
                            .get(e.index())
                            .invalid("type", "cannot be added: a message takes pictures or one video")
                    : message.invalid("content", "must not be empty");
        }
    }

    private Message.Content content(JsonFields part) {
        String type = part.required("type");
        switch (type) {
            case "text", "input_text" -> {
                return new Message.Text(part.required("text"));
            }
            case "image_url", "video_url" -> {
                JsonFields place = part.object(type);
                if (place == null) {
                    throw part.invalid(type, "is required and must be an object with a url");
                }
                ChatRequest.Tiling tiling = tiling(place);
                return type.equals("image_url")
                        ? new Message.Picture(media.image(place, memory), tiling)
                        : new Message.Clip(media.frames(place, memory), tiling);
            }
            default -> throw part.invalid("type", "must be text, image_url or video_url");
        }
    }

    private static ChatRequest.Tiling tiling(JsonFields place) {
        Integer most = place.integer("max_dynamic_patch");
        if (most != null) {
            if (most < 1 || most > MOST_TILES) {
                throw place.invalid("max_dynamic_patch", "must be 1.." + MOST_TILES);
            }
            return ChatRequest.Tiling.OPEN.withMaxTiles(most);
        }
        String detail = place.string("detail");
        OptionalInt tiles = DETAILS.get(detail == null ? "auto" : detail);
        if (tiles == null) {
            throw place.invalid("detail", "must be low, medium, high or auto");
        }
        return tiles.isPresent() ? ChatRequest.Tiling.OPEN.withMaxTiles(tiles.getAsInt()) : ChatRequest.Tiling.OPEN;
    }
}
