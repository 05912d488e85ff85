package io.github.internvl.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.github.internvl.InternVL;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A model and the settings that all its forms in LangChain4j share. */
record Binding(
        InternVL model,
        ChatRequestParameters defaults,
        List<ChatModelListener> listeners,
        RequestReader requests,
        UnaryOperator<io.github.internvl.ChatRequest> lastChange) {
    static final Set<Capability> CAPABILITIES = Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);

    /** A request in our terms; pictures are fetched and decoded here. */
    io.github.internvl.ChatRequest read(ChatRequest request) {
        return lastChange.apply(requests.read(request));
    }

    /** The answer to a request that was read. Each call makes its last change anew. */
    ChatResponse answer(io.github.internvl.ChatRequest read) {
        io.github.internvl.ChatRequest asked = lastChange.apply(read);
        return AnswerWriter.of(model, asked).response(model.chat(asked));
    }
}
