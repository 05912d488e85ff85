package io.github.internvl.server;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.TokenScore;
import io.github.internvl.GenerationConfig;
import io.github.internvl.RequestBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * {@code POST /v1/completions}: OpenAI's older protocol. The model is made for chats, so each prompt is asked as the one question
 * of a chat, in the model's template. Thread-safe.
 */
final class CompletionRoute {
    private static final int MOST_LOGPROBS = 20;
    private static final int MOST_PROMPTS = 64;

    private static final Set<String> FIELDS = ChatRoute.union(List.of(
            Set.of("best_of", "echo", "model", "prompt", "stream", "stream_options", "suffix"), SamplingFields.NAMES));

    private final Served served;
    private final Answers answers;
    private final ServerOptions options;

    CompletionRoute(Served served, Answers answers, ServerOptions options) {
        this.served = served;
        this.answers = answers;
        this.options = options;
    }

    void answer(Exchange exchange) {
        Fields body = exchange.body(options.maxBodyBytes(), FIELDS);
        served.checkName(body);
        for (String name : List.of("suffix", "best_of")) {
            if (body.has(name)) {
                throw body.unsupported(name, "leave it out");
            }
        }
        if (body.isTrue("echo")) {
            throw body.unsupported("echo", "the prompt is known to who sends it");
        }
        List<ChatRequest> requests = requests(body, exchange.budget());
        boolean streamed = body.isTrue("stream");
        boolean usage = ChatRoute.includesUsage(body, streamed);
        if (streamed && requests.size() > 1) {
            throw body.unsupported("prompt", "a stream takes one prompt; send the others on their own");
        }
        exchange.memory().forgetBody();
        ChatJson json = new ChatJson(served, exchange.id(), false);
        if (streamed) {
            answers.streamed(exchange, requests.get(0), new Chunks(json, usage));
            return;
        }
        List<ChatResponse> all = new ArrayList<>();
        for (ChatRequest request : requests) {
            all.add(answers.whole(exchange, request));
        }
        exchange.reply(completion(json, all));
    }

    private static List<ChatRequest> requests(Fields body, RequestBudget budget) {
        GenerationConfig.Builder config = SamplingFields.read(body);
        Integer best = body.integer("logprobs");
        if (best != null && (best < 0 || best > MOST_LOGPROBS)) {
            throw body.wrong("logprobs", "must be 0.." + MOST_LOGPROBS);
        }
        if (best != null) {
            config.logprobs(best);
        }
        List<String> prompts = body.strings("prompt");
        if (prompts.isEmpty() || prompts.size() > MOST_PROMPTS) {
            throw body.wrong("prompt", "must be a string, or 1 to " + MOST_PROMPTS + " strings");
        }
        return prompts.stream()
                .map(prompt -> ChatRequest.builder()
                        .text(UserMessage.withoutTags(prompt))
                        .untrustedText(true)
                        .generation(config.build())
                        .budget(budget)
                        .build())
                .toList();
    }

    private static JsonObject completion(ChatJson json, List<ChatResponse> responses) {
        JsonArray choices = new JsonArray();
        int prompted = 0;
        int generated = 0;
        for (ChatResponse response : responses) {
            List<ChatResponse> answers = new ArrayList<>(response.alternatives());
            answers.add(0, response);
            for (ChatResponse answer : answers) {
                choices.add(choice(choices.size(), answer.text(), answer));
                generated += answer.usage().generatedTokens();
            }
            prompted += response.usage().promptTokens();
        }
        JsonObject usage = new JsonObject();
        usage.addProperty("prompt_tokens", prompted);
        usage.addProperty("completion_tokens", generated);
        usage.addProperty("total_tokens", prompted + generated);
        JsonObject completion = json.head("cmpl-", "text_completion");
        completion.add("choices", choices);
        completion.add("usage", usage);
        return completion;
    }

    private static JsonObject choice(int index, String text, ChatResponse ended) {
        JsonObject choice = choice(index, text);
        choice.add("logprobs", ended.tokens().isEmpty() ? JsonNull.INSTANCE : logprobs(ended.tokens()));
        choice.addProperty("finish_reason", ChatJson.reason(ended));
        return choice;
    }

    private static JsonObject choice(int index, String text) {
        JsonObject choice = new JsonObject();
        choice.addProperty("index", index);
        choice.addProperty("text", text);
        choice.add("logprobs", JsonNull.INSTANCE);
        choice.add("finish_reason", JsonNull.INSTANCE);
        return choice;
    }

    private static JsonObject logprobs(List<TokenScore> tokens) {
        JsonArray texts = new JsonArray();
        JsonArray scores = new JsonArray();
        JsonArray best = new JsonArray();
        JsonArray offsets = new JsonArray();
        int offset = 0;
        for (TokenScore token : tokens) {
            texts.add(token.text());
            scores.add(ChatJson.finite(token.logprob()));
            JsonObject others = new JsonObject();
            token.best().forEach(other -> others.addProperty(other.text(), ChatJson.finite(other.logprob())));
            best.add(others);
            offsets.add(offset);
            offset += token.text().length();
        }
        JsonObject logprobs = new JsonObject();
        logprobs.add("tokens", texts);
        logprobs.add("token_logprobs", scores);
        logprobs.add("top_logprobs", best);
        logprobs.add("text_offset", offsets);
        return logprobs;
    }

    /** A completion as it comes. */
    private record Chunks(ChatJson json, boolean usage) implements Answers.Writing {
        @Override
        public void start(EventStream out) {}

        @Override
        public void piece(EventStream out, int index, String text) {
            out.data(chunk(choice(index, text)));
        }

        @Override
        public void end(EventStream out, int index, ChatResponse response) {
            out.data(chunk(choice(index, "", response)));
        }

        @Override
        public void end(EventStream out, List<ChatResponse> responses) {
            if (usage) {
                JsonObject last = json.head("cmpl-", "text_completion");
                last.add("choices", new JsonArray());
                last.add("usage", ChatJson.usage(responses));
                out.data(last);
            }
        }

        private JsonObject chunk(JsonObject choice) {
            JsonObject chunk = json.head("cmpl-", "text_completion");
            JsonArray choices = new JsonArray();
            choices.add(choice);
            chunk.add("choices", choices);
            return chunk;
        }
    }
}
