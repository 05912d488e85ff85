package io.github.internvl.server.openai;

import io.github.internvl.ChatRequest;
import io.github.internvl.RequestBudget;
import io.github.internvl.Tool;
import io.github.internvl.server.http.JsonFields;
import io.github.internvl.server.http.RequestContext;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code POST /tokenize} and {@code POST /detokenize}, as in vLLM. Thread-safe. */
final class TokenRoutes {
    private static final Set<String> FIELDS =
            ChatRoute.union(List.of(Set.of("add_special_tokens", "prompt"), ChatRoute.FIELDS));
    /** Peak memory of the native tokenizer, measured with one word of 31 MB; the response takes less. */
    private static final int BYTES_PER_CHARACTER = 160;

    private static final Set<String> IDS = Set.of("model", "tokens");

    /** The response of {@code /tokenize}. */
    private record Tokens(int count, int @Nullable [] tokens, int maxModelLen) {}

    /** The response of {@code /detokenize}. */
    private record Prompt(String prompt) {}

    private final ServedModel served;
    private final ChatRoute chat;

    TokenRoutes(ServedModel served, ChatRoute chat) {
        this.served = served;
        this.chat = chat;
    }

    /** Replies with the ids of a text, or with the number of tokens of a chat's messages, pictures included. */
    void tokenize(RequestContext context) {
        JsonFields body = context.body(FIELDS);
        served.checkName(body);
        int limit = served.model().contextLength();
        if (body.has("messages")) {
            ChatRequest request = chat.request(body, "messages", context);
            context.memory().releaseBody();
            context.memory().reserve(characters(request) * BYTES_PER_CHARACTER);
            context.reply(new Tokens(served.model().countTokens(request), null, limit));
            return;
        }
        boolean prefixed = !Boolean.FALSE.equals(body.flag("add_special_tokens"));
        Runnable check = () -> context.budget().check("prompt");
        int[] ids = served.model().tokenizer().encode(prompt(body, context), prefixed, check);
        context.reply(new Tokens(ids.length, ids, limit));
    }

    private static long characters(ChatRequest request) {
        String system = request.systemMessage();
        long characters = (long) request.text().length() + (system == null ? 0 : system.length());
        for (ChatRequest.Turn turn : request.history()) {
            characters += turn.question().length() + turn.answer().length();
        }
        for (Tool tool : request.tools()) {
            characters += tool.description().length() + tool.parameters().length();
        }
        return characters;
    }

    /** The prompt, rejected before tokenizing if its length alone shows that it exceeds the context. */
    private String prompt(JsonFields body, RequestContext context) {
        String prompt = body.required("prompt");
        context.budget().charge(RequestBudget.Work.CHARACTERS, prompt.length(), "prompt");
        long least = served.model().tokenizer().leastTokens(prompt);
        if (least > served.model().contextLength()) {
            throw body.invalid(
                    "prompt",
                    "must fit into the context of " + served.model().contextLength() + " tokens: at least " + least);
        }
        context.memory().reserve((long) prompt.length() * BYTES_PER_CHARACTER);
        return prompt;
    }

    /** Replies with the text of token ids. */
    void detokenize(RequestContext context) {
        JsonFields body = context.body(IDS);
        served.checkName(body);
        if (!body.has("tokens")) {
            throw body.invalid("tokens", "is required and must be an array of token ids");
        }
        try {
            context.reply(new Prompt(served.model().tokenizer().decode(body.integers("tokens"), false)));
        } catch (IllegalArgumentException e) {
            throw body.invalid("tokens", "must be token ids of the model: " + e.getMessage());
        }
    }
}
