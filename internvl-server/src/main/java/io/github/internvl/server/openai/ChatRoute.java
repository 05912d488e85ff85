package io.github.internvl.server.openai;

import io.github.internvl.ChatRequest;
import io.github.internvl.GenerationConfig;
import io.github.internvl.Tool;
import io.github.internvl.server.http.JsonFields;
import io.github.internvl.server.http.RequestContext;
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

    /** The fields of a chat that are supported, or rejected by name. */
    static final Set<String> FIELDS = union(List.of(NAMES, SamplingFields.NAMES, ToolFields.NAMES));

    private final ServedModel served;
    private final ChatRunner runner;
    private final MediaReader media;

    ChatRoute(ServedModel served, ChatRunner runner, MediaReader media) {
        this.served = served;
        this.runner = runner;
        this.media = media;
    }

    static Set<String> union(List<Set<String>> sets) {
        return sets.stream().flatMap(Set::stream).collect(Collectors.toUnmodifiableSet());
    }

    void answer(RequestContext context) {
        JsonFields body = context.body(FIELDS);
        served.checkName(body);
        rejectUnsupported(body);
        ChatRequest request = request(body, "messages", context);
        boolean streamed = body.isTrue("stream");
        boolean usage = includesUsage(body, streamed);
        context.memory().releaseBody();
        ChatWriter writer = ChatWriter.of(served, context.id(), hasTools(request));
        if (streamed) {
            int answers = request.generation().answers();
            runner.stream(context, request, new ChatStreamWriter(writer, answers, usage));
        } else {
            context.reply(writer.completion(runner.complete(context, request)));
        }
    }

    /** The request in a body, whose messages are in the field {@code messages}; its pictures are decoded. */
    ChatRequest request(JsonFields body, String messages, RequestContext context) {
        GenerationConfig.Builder config = SamplingFields.read(body);
        SamplingFields.chatLogprobs(body, config);
        ChatRequest.Builder request =
                MessageReader.read(body, messages, media, context.memory()).generation(config.build());
        ToolFields.read(body, request);
        request.untrustedText(true);
        Boolean thinking = ToolFields.thinking(body);
        boolean thinks = thinking == null ? thinksByItself(request.build()) : thinking;
        return request.thinking(thinks).budget(context.budget()).build();
    }

    /** Whether the answer may begin with thinking without being asked to, as the messages of a model that can may say. */
    private boolean thinksByItself(ChatRequest request) {
        return request.format().isText()
                && served.model().tokenizer().id("<think>").isPresent();
    }

    /** Whether the last chunk of a stream has the usage. */
    static boolean includesUsage(JsonFields body, boolean streamed) {
        JsonFields settings = body.object("stream_options");
        if (settings != null && !streamed) {
            throw body.invalid("stream_options", "requires stream to be true");
        }
        return settings != null && settings.isTrue("include_usage");
    }

    static boolean hasTools(ChatRequest request) {
        Tool.Choice choice = request.toolChoice();
        return choice.isAllowed() && !request.tools().isEmpty();
    }

    private static void rejectUnsupported(JsonFields body) {
        for (String name : List.of("functions", "function_call")) {
            if (body.has(name)) {
                throw body.unsupported(name, "use tools and tool_choice");
            }
        }
        for (String name : List.of("audio", "prediction", "web_search_options", "input_ids", "logits_processors")) {
            if (body.has(name)) {
                throw body.unsupported(name, "omit it");
            }
        }
        if (body.has("modalities") && !body.strings("modalities").equals(List.of("text"))) {
            throw body.unsupported("modalities", "answers are text");
        }
        if (body.isTrue("use_beam_search")) {
            throw body.unsupported("use_beam_search", "omit it");
        }
    }
}
