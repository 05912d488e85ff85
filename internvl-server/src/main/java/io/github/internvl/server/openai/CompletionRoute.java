package io.github.internvl.server.openai;

import com.google.gson.annotations.JsonAdapter;
import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.TokenScore;
import io.github.internvl.GenerationConfig;
import io.github.internvl.Message;
import io.github.internvl.RequestBudget;
import io.github.internvl.server.http.EventStream;
import io.github.internvl.server.http.JsonFields;
import io.github.internvl.server.http.OmitNull;
import io.github.internvl.server.http.RequestContext;
import io.github.internvl.server.openai.ChatWire.Usage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/completions}: OpenAI's older protocol. The model is trained for chats, so each prompt becomes the only user message
 * of a chat, in the model's template. Thread-safe.
 */
final class CompletionRoute {
    private static final int MOST_LOGPROBS = 20;
    private static final int MOST_PROMPTS = 64;

    private static final Set<String> FIELDS = ChatRoute.union(List.of(
            Set.of("best_of", "echo", "model", "prompt", "stream", "stream_options", "suffix"), SamplingFields.NAMES));

    private final ServedModel served;
    private final ChatRunner runner;

    private record Completion(
            String id,
            String object,
            long created,
            String model,
            List<Choice> choices,

            @JsonAdapter(value = OmitNull.class, nullSafe = false) @Nullable
            Usage usage) {
        static Completion of(ChatWriter chat, List<Choice> choices, @Nullable Usage usage) {
            return new Completion("cmpl-" + chat.id(), "text_completion", chat.created(), chat.model(), choices, usage);
        }
    }

    private record Choice(
            int index,
            String text,
            @Nullable Logprobs logprobs,
            @Nullable String finishReason) {
        static Choice ended(int index, String text, ChatResponse answer) {
            return new Choice(index, text, Logprobs.of(answer.tokens()), ChatWriter.reason(answer));
        }
    }

    private record Logprobs(
            List<String> tokens,
            List<Double> tokenLogprobs,
            List<Map<String, Double>> topLogprobs,
            List<Integer> textOffset) {
        static @Nullable Logprobs of(List<TokenScore> tokens) {
            if (tokens.isEmpty()) {
                return null;
            }
            Logprobs all = new Logprobs(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            int offset = 0;
            for (TokenScore token : tokens) {
                Map<String, Double> best = new LinkedHashMap<>();
                token.best().forEach(other -> best.put(other.text(), ChatWriter.finite(other.logprob())));
                all.tokens.add(token.text());
                all.tokenLogprobs.add(ChatWriter.finite(token.logprob()));
                all.topLogprobs.add(best);
                all.textOffset.add(offset);
                offset += token.text().length();
            }
            return all;
        }
    }

    CompletionRoute(ServedModel served, ChatRunner runner) {
        this.served = served;
        this.runner = runner;
    }

    void answer(RequestContext context) {
        JsonFields body = context.body(FIELDS);
        served.checkName(body);
        for (String name : List.of("suffix", "best_of")) {
            if (body.has(name)) {
                throw body.unsupported(name, "omit it");
            }
        }
        if (body.isTrue("echo")) {
            throw body.unsupported("echo", "the client has the prompt already");
        }
        List<ChatRequest> requests = requests(body, context.budget());
        boolean streamed = body.isTrue("stream");
        boolean usage = ChatRoute.includesUsage(body, streamed);
        if (streamed && requests.size() > 1) {
            throw body.unsupported("prompt", "a stream takes one prompt; send one request for each");
        }
        context.memory().releaseBody();
        ChatWriter chat = ChatWriter.of(served, context.id(), false);
        if (streamed) {
            runner.stream(context, requests.get(0), new Chunks(chat, usage));
            return;
        }
        List<ChatResponse> responses = new ArrayList<>();
        for (ChatRequest request : requests) {
            responses.add(runner.complete(context, request));
        }
        context.reply(completion(chat, responses));
    }

    private static List<ChatRequest> requests(JsonFields body, RequestBudget budget) {
        GenerationConfig.Builder config = SamplingFields.read(body);
        Integer best = body.integer("logprobs");
        if (best != null && (best < 0 || best > MOST_LOGPROBS)) {
            throw body.invalid("logprobs", "must be 0.." + MOST_LOGPROBS);
        }
        if (best != null) {
            config.logprobs(best);
        }
        List<String> prompts = body.strings("prompt");
        if (prompts.isEmpty() || prompts.size() > MOST_PROMPTS) {
            throw body.invalid("prompt", "must be a string, or 1 to " + MOST_PROMPTS + " strings");
        }
        return prompts.stream()
                .map(prompt -> ChatRequest.builder()
                        .messages(List.of(Message.User.of(prompt)))
                        .untrustedText(true)
                        .generation(config.build())
                        .budget(budget)
                        .build())
                .toList();
    }

    private static Completion completion(ChatWriter chat, List<ChatResponse> responses) {
        List<Choice> choices = new ArrayList<>();
        int prompted = 0;
        int generated = 0;
        for (ChatResponse response : responses) {
            for (ChatResponse answer : ChatWriter.all(response)) {
                choices.add(Choice.ended(choices.size(), answer.text(), answer));
                generated += answer.usage().generatedTokens();
            }
            prompted += response.usage().promptTokens();
        }
        return Completion.of(chat, choices, new Usage(prompted, generated, prompted + generated, null));
    }

    /** A completion as a stream of chunks. */
    private record Chunks(ChatWriter chat, boolean usage) implements ChatRunner.StreamWriter {
        @Override
        public void start(EventStream out) {}

        @Override
        public void text(EventStream out, int index, String text) {
            out.data(Completion.of(chat, List.of(new Choice(index, text, null, null)), null));
        }

        @Override
        public void endAnswer(EventStream out, int index, ChatResponse answer) {
            out.data(Completion.of(chat, List.of(Choice.ended(index, "", answer)), null));
        }

        @Override
        public void end(EventStream out, List<ChatResponse> answers) {
            if (usage) {
                out.data(Completion.of(chat, List.of(), ChatWriter.usage(answers)));
            }
        }
    }
}
