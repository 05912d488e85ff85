package io.github.internvl.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import io.github.internvl.ChatResponse.Piece;
import io.github.internvl.ChatStream;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The streaming form of a chat model. All callbacks of a request come from one thread of its own. An exception of a callback goes to
 * {@code onError}, and the stream goes on. After a cancellation there are no more callbacks. Tool calls come whole. Thread-safe.
 */
record AnswerPieces(Binding shared) implements StreamingChatModel {
    private static final Logger LOG = LoggerFactory.getLogger(AnswerPieces.class);

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        Failures.translated(
                () -> shared.requests().settings(request.parameters())); // what is not supported is thrown here
        Thread thread = new Thread(() -> answer(request, handler), "internvl-langchain4j");
        thread.setDaemon(true);
        thread.start();
    }

    private void answer(ChatRequest request, StreamingChatResponseHandler handler) {
        try {
            io.github.internvl.ChatRequest asked = shared.read(request);
            AnswerWriter writer = AnswerWriter.of(shared.model(), asked);
            try (ChatStream stream = shared.model().stream(asked)) {
                Running running = new Running(stream, handler, new Withheld(writer.tools()));
                try {
                    stream.pieces().forEach(running::add);
                    running.end(writer.response(stream.response()));
                } catch (RuntimeException e) {
                    if (!running.isCancelled()) {
                        throw e;
                    }
                }
            }
        } catch (RuntimeException e) {
            report(handler, Failures.translated(e));
        } catch (Error e) {
            report(handler, e);
            throw e;
        }
    }

    /** Runs a callback, and reports its exception. */
    private static void call(StreamingChatResponseHandler handler, Runnable callback) {
        try {
            callback.run();
        } catch (RuntimeException e) {
            report(handler, e);
        }
    }

    private static void report(StreamingChatResponseHandler handler, Throwable failure) {
        try {
            handler.onError(failure);
        } catch (RuntimeException e) {
            LOG.warn("onError of a streaming handler must not throw: its exception is dropped", e);
        }
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return shared.defaults();
    }

    @Override
    public List<ChatModelListener> listeners() {
        return shared.listeners();
    }

    @Override
    public Set<Capability> supportedCapabilities() {
        return Binding.CAPABILITIES;
    }

    /** An answer on its way to its handler. Cancelled by any thread; else used by one. */
    private static final class Running implements StreamingHandle {
        private final ChatStream stream;
        private final StreamingChatResponseHandler handler;
        private final Withheld text;
        private volatile boolean cancelled;

        Running(ChatStream stream, StreamingChatResponseHandler handler, Withheld text) {
            this.stream = stream;
            this.handler = handler;
            this.text = text;
        }

        void add(Piece piece) {
            if (piece.thinking()) {
                send(() ->
                        handler.onPartialThinking(new PartialThinking(piece.text()), new PartialThinkingContext(this)));
            } else {
                write(text.add(piece.text()));
            }
        }

        private void write(String words) {
            if (!words.isEmpty()) {
                send(() -> handler.onPartialResponse(new PartialResponse(words), new PartialResponseContext(this)));
            }
        }

        void end(ChatResponse response) {
            List<ToolExecutionRequest> calls = response.aiMessage().toolExecutionRequests();
            if (calls.isEmpty()) {
                write(text.rest());
            }
            for (int i = 0; i < calls.size(); i++) {
                CompleteToolCall call = new CompleteToolCall(i, calls.get(i));
                send(() -> handler.onCompleteToolCall(call));
            }
            send(() -> handler.onCompleteResponse(response));
        }

        private void send(Runnable callback) {
            if (!cancelled) {
                call(handler, callback);
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
            stream.close();
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }
    }
}
