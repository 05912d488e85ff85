package io.github.internvl.server;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.GenerationConfig;
import io.github.internvl.ToolChoice;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code POST /v1/chat/completions}. Thread-safe. */
final class ChatRoute {
    private static final Set<String> NAMES = Set.of(
            "audio",
            "function_call",
            "functions",
            "input_ids",
            "logits_processors",
            "messages",
            "modalities",
            "model",
            "prediction",
            "stream",
            "stream_options",
            "use_beam_search",
            "web_search_options");

    /** The fields of a chat that have a meaning here, or are refused by name. */
    static final Set<String> FIELDS = union(List.of(NAMES, SamplingFields.NAMES, ToolFields.NAMES));

    private final Served served;
    private final Answers answers;
    private final Media media;
    private final ServerOptions options;

    ChatRoute(Served served, Answers answers, Media media, ServerOptions options) {
        this.served = served;
        this.answers = answers;
        this.media = media;
        this.options = options;
    }

    static Set<String> union(List<Set<String>> sets) {
        return sets.stream().flatMap(Set::stream).collect(Collectors.toUnmodifiableSet());
    }

    void answer(Exchange exchange) {
        Fields body = exchange.body(options.maxBodyBytes(), FIELDS);
        served.checkName(body);
        refuseUnsupported(body);
        ChatRequest request = request(body, "messages", exchange);
        boolean streamed = body.isTrue("stream");
        boolean usage = includesUsage(body, streamed);
        exchange.memory().forgetBody();
        ChatJson json = new ChatJson(served, exchange.id(), hasTools(request));
        if (streamed) {
            answers.streamed(
                    exchange, request, new ChatChunks(json, request.generation().answers(), usage));
        } else {
            ChatResponse response = answers.whole(exchange, request);
            exchange.reply(json.completion(response));
        }
    }

    /** The request that a body asks with these messages; its pictures are decoded. */
    ChatRequest request(Fields body, String messages, Exchange exchange) {
        GenerationConfig.Builder config = SamplingFields.read(body);
        SamplingFields.chatLogprobs(body, config);
        ChatRequest.Builder request =
                Dialogue.read(body, messages, media, exchange.memory()).generation(config.build());
        ToolFields.read(body, request);
        return request.untrustedText(true).budget(exchange.budget()).build();
    }

    /** Whether the last message of a stream tells the usage. */
    static boolean includesUsage(Fields body, boolean streamed) {
        Fields settings = body.object("stream_options");
        if (settings != null && !streamed) {
            throw body.wrong("stream_options", "needs stream to be true");
        }
        return settings != null && settings.isTrue("include_usage");
    }

    static boolean hasTools(ChatRequest request) {
        ToolChoice choice = request.toolChoice();
        return choice.isAllowed() && !request.tools().isEmpty();
    }

    private static void refuseUnsupported(Fields body) {
        for (String name : List.of("functions", "function_call")) {
            if (body.has(name)) {
                throw body.unsupported(name, "use tools and tool_choice");
            }
        }
        for (String name : List.of("audio", "prediction", "web_search_options", "input_ids", "logits_processors")) {
            if (body.has(name)) {
                throw body.unsupported(name, "leave it out");
            }
        }
        if (body.has("modalities") && !body.strings("modalities").equals(List.of("text"))) {
            throw body.unsupported("modalities", "answers are text");
        }
        if (body.isTrue("use_beam_search")) {
            throw body.unsupported("use_beam_search", "leave it out");
        }
    }
}
