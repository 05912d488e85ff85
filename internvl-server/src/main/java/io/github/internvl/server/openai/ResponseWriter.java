package io.github.internvl.server.openai;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.ChatResponse;
import io.github.internvl.server.http.ApiException;
import io.github.internvl.server.http.EventStream;
import io.github.internvl.server.http.JsonFields;
import io.github.internvl.server.openai.ChatWire.TokenLogprob;
import io.github.internvl.server.openai.ResponseWire.ArgumentsDelta;
import io.github.internvl.server.openai.ResponseWire.ArgumentsDone;
import io.github.internvl.server.openai.ResponseWire.Call;
import io.github.internvl.server.openai.ResponseWire.ErrorEvent;
import io.github.internvl.server.openai.ResponseWire.Event;
import io.github.internvl.server.openai.ResponseWire.Incomplete;
import io.github.internvl.server.openai.ResponseWire.InputDetails;
import io.github.internvl.server.openai.ResponseWire.Item;
import io.github.internvl.server.openai.ResponseWire.ItemEvent;
import io.github.internvl.server.openai.ResponseWire.Message;
import io.github.internvl.server.openai.ResponseWire.OutputDetails;
import io.github.internvl.server.openai.ResponseWire.Part;
import io.github.internvl.server.openai.ResponseWire.PartEvent;
import io.github.internvl.server.openai.ResponseWire.Response;
import io.github.internvl.server.openai.ResponseWire.ResponseEvent;
import io.github.internvl.server.openai.ResponseWire.TextDelta;
import io.github.internvl.server.openai.ResponseWire.TextDone;
import io.github.internvl.server.openai.ResponseWire.Usage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An answer in the responses protocol, complete or as a stream of events. Used by one thread. */
final class ResponseWriter implements ChatRunner.StreamWriter {
    private static final JsonObject DEFAULTS = JsonParser.parseString("""
                    {"metadata": {}, "parallel_tool_calls": true, "text": {"format": {"type": "text"}}, "tool_choice": "auto",
                    "tools": []}""").getAsJsonObject();
    private static final List<String> REPEATED = List.of(
            "metadata",
            "parallel_tool_calls",
            "text",
            "tool_choice",
            "tools",
            "instructions",
            "max_output_tokens",
            "temperature",
            "top_p");

    private final ChatWriter chat;
    private final Map<String, JsonElement> repeated;
    private final ToolCallBuffer buffer;
    private final StringBuilder written = new StringBuilder();
    private int events;

    ResponseWriter(ChatWriter chat, JsonFields body) {
        this.chat = chat;
        this.repeated = new HashMap<>(DEFAULTS.asMap());
        for (String field : REPEATED) {
            JsonElement sent = body.any(field);
            if (sent != null) {
                repeated.put(field, sent);
            }
        }
        this.buffer = new ToolCallBuffer(chat.tools());
    }

    /** A complete answer. */
    Response complete(ChatResponse answer) {
        String text = chat.message(answer).content();
        return ended(answer, text == null ? "" : text);
    }

    private Response ended(ChatResponse answer, String text) {
        boolean cut = ChatWriter.reason(answer).equals("length");
        String status = cut ? "incomplete" : "completed";
        Object details = cut ? new Incomplete("max_output_tokens") : JsonNull.INSTANCE;
        return response(status, output(answer, text, status), details, usage(answer));
    }

    private List<Item> output(ChatResponse answer, String text, String status) {
        List<Item> output = new ArrayList<>();
        if (!text.isEmpty() || chat.calls(answer).isEmpty()) {
            output.add(message(status, List.of(part(text, chat.tokens(answer)))));
        }
        for (ChatWire.Call call : chat.wire(chat.calls(answer), false)) {
            String id = call.id();
            ChatWire.Function function = call.function();
            output.add(new Call("function_call", "fc_" + id, id, "completed", function.name(), function.arguments()));
        }
        return output;
    }

    private Response response(String status, List<Item> output, @Nullable Object incomplete, @Nullable Usage usage) {
        return new Response(
                "resp_" + chat.id(),
                "response",
                chat.model(),
                chat.created(),
                repeated("metadata"),
                repeated("parallel_tool_calls"),
                repeated("text"),
                repeated("tool_choice"),
                repeated("tools"),
                repeated("instructions"),
                repeated("max_output_tokens"),
                repeated("temperature"),
                repeated("top_p"),
                status,
                output,
                null,
                false,
                incomplete,
                usage);
    }

    private JsonElement repeated(String field) {
        return repeated.getOrDefault(field, JsonNull.INSTANCE);
    }

    private static Usage usage(ChatResponse answer) {
        ChatResponse.Usage usage = answer.usage();
        int prompt = usage.promptTokens();
        int visual = usage.visualTokens();
        InputDetails details = new InputDetails(usage.cachedTokens(), visual, visual, prompt - usage.cachedTokens());
        int generated = usage.generatedTokens();
        return new Usage(prompt, details, generated, new OutputDetails(0), prompt + generated);
    }

    private String messageId() {
        return "msg_" + chat.id();
    }

    private Message message(String status, List<Part> content) {
        return new Message("message", messageId(), status, "assistant", content);
    }

    private static Part part(String text, List<TokenLogprob> logprobs) {
        return new Part("output_text", text, List.of(), logprobs);
    }

    @Override
    public void start(EventStream out) {
        Response begun = response("in_progress", List.of(), null, null);
        send(out, new ResponseEvent(begun, "response.created", events++));
        send(out, new ResponseEvent(begun, "response.in_progress", events++));
    }

    @Override
    public void text(EventStream out, int index, String text) {
        write(out, buffer.add(text));
    }

    private void write(EventStream out, String text) {
        if (text.isEmpty()) {
            return;
        }
        if (written.isEmpty()) {
            begin(out);
        }
        written.append(text);
        send(out, new TextDelta(text, List.of(), messageId(), 0, 0, "response.output_text.delta", events++));
    }

    private void begin(EventStream out) {
        send(out, new ItemEvent(0, message("in_progress", List.of()), "response.output_item.added", events++));
        send(out, new PartEvent(part("", List.of()), messageId(), 0, 0, "response.content_part.added", events++));
    }

    @Override
    public void endAnswer(EventStream out, int index, ChatResponse answer) {
        if (chat.calls(answer).isEmpty()) {
            write(out, buffer.rest());
            if (written.isEmpty()) {
                begin(out);
            }
        }
        List<Item> output = ended(answer, written.toString()).output();
        for (int i = 0; i < output.size(); i++) {
            Item item = output.get(i);
            if (item instanceof Message message) {
                end(out, message.content().get(0));
            } else if (item instanceof Call call) {
                write(out, i, call);
            }
            send(out, new ItemEvent(i, item, "response.output_item.done", events++));
        }
    }

    private void end(EventStream out, Part part) {
        String text = part.text();
        send(out, new TextDone(text, part.logprobs(), messageId(), 0, 0, "response.output_text.done", events++));
        send(out, new PartEvent(part, messageId(), 0, 0, "response.content_part.done", events++));
    }

    /** Writes the events of a tool call, whose arguments come as one delta. */
    private void write(EventStream out, int index, Call call) {
        Call begun = new Call(call.type(), call.id(), call.callId(), "in_progress", call.name(), "");
        send(out, new ItemEvent(index, begun, "response.output_item.added", events++));
        String arguments = call.arguments();
        String event = "response.function_call_arguments.";
        send(out, new ArgumentsDelta(call.id(), index, arguments, event + "delta", events++));
        send(out, new ArgumentsDone(call.id(), index, arguments, call.name(), event + "done", events++));
    }

    @Override
    public void end(EventStream out, List<ChatResponse> answers) {
        Response response = ended(answers.get(0), written.toString());
        send(out, new ResponseEvent(response, "response." + response.status(), events++));
    }

    @Override
    public void fail(EventStream out, ApiException failure) {
        ApiException.Details error = failure.body().error();
        send(out, new ErrorEvent(error.message(), "error", error.param(), error.code(), events++));
    }

    private static void send(EventStream out, Event event) {
        out.event(event.type(), event);
    }
}
