package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.internvl.Box;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.TokenScore;
import io.github.internvl.ChatResponse.Usage;
import io.github.internvl.ToolCall;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Answers as OpenAI writes them. Used by one thread. */
final class ChatJson {
    private static final double LEAST_LOGPROB = -9999; // what stands for minus infinity, which JSON has not

    private final Served served;
    private final String id;
    private final boolean tools;
    private final long created = Instant.now().getEpochSecond();

    /** Makes the writer of one request's answers, with {@code tools} if they may call some. */
    ChatJson(Served served, String requestId, boolean tools) {
        this.served = served;
        this.id = requestId;
        this.tools = tools;
    }

    boolean hasTools() {
        return tools;
    }

    /** A whole answer with its alternatives. */
    JsonObject completion(ChatResponse response) {
        List<ChatResponse> answers = new ArrayList<>(response.alternatives());
        answers.add(0, response);
        JsonArray choices = new JsonArray();
        for (ChatResponse answer : answers) {
            JsonObject choice = new JsonObject();
            choice.addProperty("index", choices.size());
            choice.add("message", message(answer));
            finish(choice, answer);
            choices.add(choice);
        }
        JsonObject completion = head("chat.completion");
        completion.add("choices", choices);
        completion.add("usage", usage(answers));
        return completion;
    }

    /** The fields that begin every object of an answer. */
    JsonObject head(String object) {
        return head("chatcmpl-", object);
    }

    JsonObject head(String prefix, String object) {
        JsonObject head = new JsonObject();
        head.addProperty("id", prefix + id);
        head.addProperty("object", object);
        head.addProperty("created", created);
        head.addProperty("model", served.name());
        return head;
    }

    JsonObject message(ChatResponse answer) {
        JsonObject message = new JsonObject();
        message.addProperty("role", "assistant");
        List<ToolCall> calls = calls(answer);
        String text = answer.text();
        String content = calls.isEmpty()
                ? text
                : text.substring(0, text.indexOf(ToolCall.START)).strip();
        message.addProperty("content", calls.isEmpty() || !content.isEmpty() ? content : null);
        message.add("refusal", JsonNull.INSTANCE);
        if (!calls.isEmpty()) {
            message.add("tool_calls", calls(calls, false));
        }
        return message;
    }

    List<ToolCall> calls(ChatResponse answer) {
        return tools ? answer.toolCalls() : List.of();
    }

    /** Calls of tools, with their numbers where they are parts of a stream. */
    JsonArray calls(List<ToolCall> calls, boolean numbered) {
        JsonArray array = new JsonArray();
        for (ToolCall call : calls) {
            JsonObject function = new JsonObject();
            function.addProperty("name", call.name());
            function.addProperty("arguments", call.arguments());
            JsonObject written = new JsonObject();
            if (numbered) {
                written.addProperty("index", array.size());
            }
            written.addProperty("id", "call_" + id + "_" + array.size());
            written.addProperty("type", "function");
            written.add("function", function);
            array.add(written);
        }
        return array;
    }

    /** How an answer ended, and what else is known of it only then. */
    void finish(JsonObject choice, ChatResponse answer) {
        choice.add("logprobs", answer.tokens().isEmpty() ? JsonNull.INSTANCE : logprobs(answer.tokens()));
        choice.addProperty("finish_reason", calls(answer).isEmpty() ? reason(answer) : "tool_calls");
        switch (answer.finishReason()) {
            case TIMEOUT -> choice.addProperty("stop_reason", "timeout");
            case LOOP -> choice.addProperty("stop_reason", "loop");
            default -> choice.add("stop_reason", JsonNull.INSTANCE);
        }
        if (!answer.boxes().isEmpty()) {
            choice.add("boxes", boxes(answer.boxes()));
        }
    }

    /** Why an answer ended, in one of OpenAI's words. */
    static String reason(ChatResponse answer) {
        return switch (answer.finishReason()) {
            case LENGTH, TIMEOUT -> "length";
            case STOP, LOOP, CANCELLED -> "stop";
        };
    }

    private static JsonArray boxes(List<Box> boxes) {
        JsonArray array = new JsonArray();
        for (Box box : boxes) {
            JsonObject written = new JsonObject();
            written.addProperty("label", box.label());
            written.addProperty("x1", box.x1());
            written.addProperty("y1", box.y1());
            written.addProperty("x2", box.x2());
            written.addProperty("y2", box.y2());
            array.add(written);
        }
        return array;
    }

    private JsonObject logprobs(List<TokenScore> tokens) {
        JsonObject logprobs = new JsonObject();
        logprobs.add("content", scores(tokens));
        logprobs.add("refusal", JsonNull.INSTANCE);
        return logprobs;
    }

    /** The tokens of an answer with their log probabilities. */
    JsonArray scores(List<TokenScore> tokens) {
        JsonArray content = new JsonArray();
        for (TokenScore token : tokens) {
            JsonObject written = score(token);
            JsonArray best = new JsonArray();
            token.best().forEach(other -> best.add(score(other)));
            written.add("top_logprobs", best);
            content.add(written);
        }
        return content;
    }

    private JsonObject score(TokenScore token) {
        JsonObject written = new JsonObject();
        written.addProperty("token", token.text());
        written.addProperty("logprob", finite(token.logprob()));
        JsonArray bytes = new JsonArray();
        for (byte one : served.tokenizer().bytes(token.id())) {
            bytes.add(one & 0xFF);
        }
        written.add("bytes", bytes);
        return written;
    }

    static double finite(double logprob) {
        return Math.max(logprob, LEAST_LOGPROB);
    }

    /** The tokens of a prompt and of all its answers together. */
    static JsonObject usage(List<ChatResponse> answers) {
        Usage first = answers.get(0).usage();
        int generated = answers.stream()
                .mapToInt(answer -> answer.usage().generatedTokens())
                .sum();
        JsonObject details = new JsonObject();
        details.addProperty("cached_tokens", first.cachedTokens());
        details.addProperty("image_tokens", first.visualTokens());
        details.addProperty("visual_tokens", first.visualTokens());
        JsonObject usage = new JsonObject();
        usage.addProperty("prompt_tokens", first.promptTokens());
        usage.addProperty("completion_tokens", generated);
        usage.addProperty("total_tokens", first.promptTokens() + generated);
        usage.add("prompt_tokens_details", details);
        return usage;
    }
}
