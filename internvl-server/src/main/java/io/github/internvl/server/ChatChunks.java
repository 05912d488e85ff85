package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.internvl.ChatResponse;
import io.github.internvl.ToolCall;
import java.util.ArrayList;
import java.util.List;

/** A chat's answers as they come, in OpenAI's chunks. Log probabilities and calls of tools come at the end. Used by one thread. */
final class ChatChunks implements Answers.Writing {
    private final ChatJson json;
    private final boolean usage;
    private final List<ToolHold> texts = new ArrayList<>();

    ChatChunks(ChatJson json, int answers, boolean usage) {
        this.json = json;
        this.usage = usage;
        for (int i = 0; i < answers; i++) {
            texts.add(new ToolHold(json.hasTools()));
        }
    }

    @Override
    public void start(EventStream out) {
        for (int index = 0; index < texts.size(); index++) {
            JsonObject delta = new JsonObject();
            delta.addProperty("role", "assistant");
            delta.addProperty("content", "");
            out.data(chunk(choice(index, delta)));
        }
    }

    @Override
    public void piece(EventStream out, int index, String text) {
        say(out, index, texts.get(index).add(text));
    }

    private void say(EventStream out, int index, String text) {
        if (!text.isEmpty()) {
            JsonObject delta = new JsonObject();
            delta.addProperty("content", text);
            out.data(chunk(choice(index, delta)));
        }
    }

    @Override
    public void end(EventStream out, int index, ChatResponse response) {
        List<ToolCall> calls = json.calls(response);
        if (calls.isEmpty()) {
            say(out, index, texts.get(index).rest());
        } else {
            JsonObject delta = new JsonObject();
            delta.add("tool_calls", json.calls(calls, true));
            out.data(chunk(choice(index, delta)));
        }
        JsonObject last = choice(index, new JsonObject());
        json.finish(last, response);
        out.data(chunk(last));
    }

    @Override
    public void end(EventStream out, List<ChatResponse> responses) {
        if (usage) {
            JsonObject last = json.head("chat.completion.chunk");
            last.add("choices", new JsonArray());
            last.add("usage", ChatJson.usage(responses));
            out.data(last);
        }
    }

    private static JsonObject choice(int index, JsonObject delta) {
        JsonObject choice = new JsonObject();
        choice.addProperty("index", index);
        choice.add("delta", delta);
        choice.add("logprobs", JsonNull.INSTANCE);
        choice.add("finish_reason", JsonNull.INSTANCE);
        return choice;
    }

    private JsonObject chunk(JsonObject choice) {
        JsonObject chunk = json.head("chat.completion.chunk");
        JsonArray choices = new JsonArray();
        choices.add(choice);
        chunk.add("choices", choices);
        if (usage) {
            chunk.add("usage", JsonNull.INSTANCE);
        }
        return chunk;
    }
}
