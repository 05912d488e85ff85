package io.github.internvl.server;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.GenerationConfig;
import io.github.internvl.ToolChoice;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/chat/completions}. Thread-safe. */
final class ChatRoute {
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

    void answer(Exchange exchange) {
        Fields body = exchange.body(options.maxBodyBytes());
        served.checkName(body);
        refuseUnsupported(body);
        ChatRequest request = request(body, "messages", exchange.memory(), options.timeout());
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
    ChatRequest request(Fields body, String messages, Memory.Share memory, @Nullable Duration timeout) {
        GenerationConfig.Builder config = SamplingFields.read(body);
        SamplingFields.chatLogprobs(body, config);
        ChatRequest.Builder request =
                Dialogue.read(body, messages, served.special(), media, memory).generation(config.build());
        ToolFields.read(body, request);
        if (timeout != null) {
            request.timeout(timeout);
        }
        return request.build();
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
