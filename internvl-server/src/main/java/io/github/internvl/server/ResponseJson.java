package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.ChatResponse;
import java.util.List;

/** An answer as OpenAI's responses protocol writes it, whole or in events. Used by one thread. */
final class ResponseJson implements Answers.Writing {
    private final ChatJson chat;
    private final JsonObject repeated;
    private final ToolHold held;
    private final StringBuilder said = new StringBuilder();
    private int events;

    ResponseJson(ChatJson chat, Fields body) {
        this.chat = chat;
        this.held = new ToolHold(chat.hasTools());
        JsonObject text = Json.object("format", Json.object("type", "text"));
        this.repeated = Json.object("metadata", new JsonObject(), "parallel_tool_calls", true, "text", text);
        repeated.addProperty("tool_choice", "auto");
        repeated.add("tools", new JsonArray());
        for (String name : List.of("instructions", "max_output_tokens", "temperature", "top_p")) {
            repeated.add(name, null);
        }
        List.copyOf(repeated.keySet()).stream().filter(body::has).forEach(name -> repeated.add(name, body.any(name)));
    }

    /** A whole answer. */
    JsonObject whole(ChatResponse answer) {
        JsonElement content = chat.message(answer).get("content");
        return ended(answer, content.isJsonNull() ? "" : content.getAsString());
    }

    private JsonObject ended(ChatResponse answer, String text) {
        boolean cut = ChatJson.reason(answer).equals("length");
        String status = cut ? "incomplete" : "completed";
        JsonArray output = new JsonArray();
        if (!text.isEmpty() || chat.calls(answer).isEmpty()) {
            JsonArray content = new JsonArray();
            content.add(part(text, chat.scores(answer.tokens())));
            output.add(message(status, content));
        }
        for (JsonElement call : chat.calls(chat.calls(answer), false)) {
            output.add(call(call.getAsJsonObject()));
        }
        JsonObject response = response(status, output);
        response.add("incomplete_details", cut ? Json.object("reason", "max_output_tokens") : null);
        response.add("usage", usage(ChatJson.usage(List.of(answer))));
        return response;
    }

    private JsonObject response(String status, JsonArray output) {
        JsonObject response = chat.head("resp_", "response");
        response.add("created_at", response.remove("created"));
        repeated.asMap().forEach(response::add);
        JsonObject others = Json.object("status", status, "output", output, "error", null, "store", false);
        others.asMap().forEach(response::add);
        return response;
    }

    private static JsonObject usage(JsonObject told) {
        JsonObject prompt = told.getAsJsonObject("prompt_tokens_details");
        int asked = told.get("prompt_tokens").getAsInt();
        prompt.addProperty(
                "cache_write_tokens", asked - prompt.get("cached_tokens").getAsInt());
        JsonObject usage = Json.object("input_tokens", asked, "input_tokens_details", prompt);
        usage.add("output_tokens", told.get("completion_tokens"));
        usage.add("output_tokens_details", Json.object("reasoning_tokens", 0));
        usage.add("total_tokens", told.get("total_tokens"));
        return usage;
    }

    private JsonElement messageId() {
        return chat.head("msg_", "message").get("id");
    }

    private JsonObject message(String status, JsonArray content) {
        JsonObject message = Json.object("type", "message", "id", messageId(), "status", status, "role", "assistant");
        message.add("content", content);
        return message;
    }

    private static JsonObject part(String text, JsonArray scores) {
        return Json.object("type", "output_text", "text", text, "annotations", new JsonArray(), "logprobs", scores);
    }

    /** A call of a chat as an item. */
    private static JsonObject call(JsonObject call) {
        String id = call.get("id").getAsString();
        JsonObject item = Json.object("type", "function_call", "id", "fc_" + id, "call_id", id, "status", "completed");
        call.getAsJsonObject("function").asMap().forEach(item::add);
        return item;
    }

    @Override
    public void start(EventStream out) {
        for (String name : List.of("response.created", "response.in_progress")) {
            send(out, name, Json.object("response", response("in_progress", new JsonArray())));
        }
    }

    @Override
    public void piece(EventStream out, int index, String text) {
        say(out, held.add(text));
    }

    private void say(EventStream out, String text) {
        if (text.isEmpty()) {
            return;
        }
        if (said.isEmpty()) {
            open(out);
        }
        said.append(text);
        inMessage(out, "response.output_text.delta", Json.object("delta", text, "logprobs", new JsonArray()));
    }

    private void open(EventStream out) {
        item(out, "response.output_item.added", 0, message("in_progress", new JsonArray()));
        inMessage(out, "response.content_part.added", Json.object("part", part("", new JsonArray())));
    }

    private void inMessage(EventStream out, String name, JsonObject event) {
        event.add("item_id", messageId());
        event.addProperty("output_index", 0);
        event.addProperty("content_index", 0);
        send(out, name, event);
    }

    private void item(EventStream out, String name, int index, JsonObject item) {
        send(out, name, Json.object("output_index", index, "item", item));
    }

    @Override
    public void end(EventStream out, int index, ChatResponse response) {
        if (chat.calls(response).isEmpty()) {
            say(out, held.rest());
            if (said.isEmpty()) {
                open(out);
            }
        }
        JsonArray output = ended(response, said.toString()).getAsJsonArray("output");
        for (int i = 0; i < output.size(); i++) {
            JsonObject item = output.get(i).getAsJsonObject();
            if (item.get("content") instanceof JsonArray content) {
                JsonObject part = content.get(0).getAsJsonObject();
                JsonObject text = Json.object("text", part.get("text"), "logprobs", part.get("logprobs"));
                inMessage(out, "response.output_text.done", text);
                inMessage(out, "response.content_part.done", Json.object("part", part));
            } else {
                call(out, i, item);
            }
            item(out, "response.output_item.done", i, item);
        }
    }

    /** A call, which comes whole. */
    private void call(EventStream out, int index, JsonObject item) {
        JsonElement arguments = item.get("arguments");
        JsonObject begun = item.deepCopy();
        begun.addProperty("status", "in_progress");
        begun.addProperty("arguments", "");
        item(out, "response.output_item.added", index, begun);
        JsonObject delta = Json.object("item_id", item.get("id"), "output_index", index, "delta", arguments);
        send(out, "response.function_call_arguments.delta", delta);
        JsonObject done = Json.object("item_id", item.get("id"), "output_index", index, "arguments", arguments);
        done.add("name", item.get("name"));
        send(out, "response.function_call_arguments.done", done);
    }

    @Override
    public void end(EventStream out, List<ChatResponse> responses) {
        JsonObject response = ended(responses.get(0), said.toString());
        send(out, "response." + response.get("status").getAsString(), Json.object("response", response));
    }

    @Override
    public void fail(EventStream out, Refusal refusal) {
        send(out, "error", refusal.body().getAsJsonObject("error"));
    }

    private void send(EventStream out, String name, JsonObject event) {
        event.addProperty("type", name);
        event.addProperty("sequence_number", events++);
        out.event(name, event);
    }
}
