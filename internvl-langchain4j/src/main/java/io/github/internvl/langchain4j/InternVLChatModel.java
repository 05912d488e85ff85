package io.github.internvl.langchain4j;

import dev.langchain4j.model.TokenCountEstimator;
import dev.langchain4j.model.chat.BatchChatModel;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.web.RemoteMedia;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A chat model of LangChain4j that asks an InternVL model of this process, and the origin of the streaming model, the batch model and
 * the token counter with the same settings.
 *
 * <p>Texts, pictures and videos of user messages, tool calls and their results, and JSON schemas are supported; answers keep a schema
 * by construction. Texts count as untrusted: special tokens in them are ordinary text. Decoding is greedy unless a
 * temperature, top-p or top-k is set; a temperature of 0 is greedy too. The answer's metadata are {@link InternVLChatResponseMetadata},
 * the settings that LangChain4j has no name for {@link InternVLChatRequestParameters}.
 *
 * <p>Exceptions are LangChain4j's: {@code InvalidRequestException} for a request that cannot be answered, {@code
 * UnsupportedFeatureException} for a part that is not supported, {@code RateLimitException} for a full queue, {@code TimeoutException}
 * for an answer that is not complete in time, {@code InternalServerException} for a failure of the model.
 *
 * <p>Thread-safe. A model that was given by {@link #builder(InternVL)} belongs to its caller, who closes it; one that this class loads
 * is closed by {@link #close}.
 */
public final class InternVLChatModel implements ChatModel, AutoCloseable {
    private final Binding shared;
    private final boolean owned;

    private InternVLChatModel(Binding shared, boolean owned) {
        this.shared = shared;
        this.owned = owned;
    }

    /**
     * Loads a model by its id on the hub or from a folder, as {@link InternVL#load(String)} does; {@link #close} closes it.
     *
     * @throws io.github.internvl.CheckpointException if a file is missing, damaged, or has an unknown setting
     */
    public static InternVLChatModel load(String idOrFolder) {
        return builder(InternVL.builder(idOrFolder)).build();
    }

    /** Starts from a loaded model, which stays the caller's: it is closed by the caller, after the last request. */
    public static Builder builder(InternVL model) {
        return new Builder(() -> model, false);
    }

    /** Starts from settings for loading: {@link Builder#build} loads the model, and {@link #close} closes it. */
    public static Builder builder(InternVLBuilder loading) {
        return new Builder(loading::load, true);
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        return Failures.translated(() -> shared.answer(shared.requests().read(request)));
    }

    /** The same model, whose answers come piece by piece, each on a thread of its own. */
    public StreamingChatModel streaming() {
        return new AnswerPieces(shared);
    }

    /** The same model for many requests at once: as many are answered together as the model has slots. Batches are kept as long as the object. */
    public BatchChatModel batch() {
        return new Batches(shared);
    }

    /**
     * The counter of this model's tokens. A list of messages counts as the prompt that it makes, exactly: the template, the default tools
     * and the pictures included. A single message counts as the tokens that it adds to a prompt.
     */
    public TokenCountEstimator tokenCountEstimator() {
        return new TokenCounts(shared);
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

    /** Closes the model if this class loaded it. Harmless when repeated. */
    @Override
    public void close() {
        if (owned) {
            shared.model().close();
        }
    }

    /** Collects settings. Not thread-safe. */
    public static final class Builder {
        private final Supplier<InternVL> source;
        private final boolean owned;
        private ChatRequestParameters defaults =
                InternVLChatRequestParameters.builder().build();
        private List<ChatModelListener> listeners = List.of();
        private Optional<RemoteMedia> remote = Optional.empty();
        private UnaryOperator<io.github.internvl.ChatRequest> lastChange = request -> request;

        private Builder(Supplier<InternVL> source, boolean owned) {
            this.source = source;
            this.owned = owned;
        }

        /** Sets the value of each parameter that a request leaves out. */
        public Builder defaultRequestParameters(ChatRequestParameters parameters) {
            this.defaults = parameters;
            return this;
        }

        /** Sets the listeners of all requests, in place of any before. */
        public Builder listeners(List<ChatModelListener> all) {
            this.listeners = List.copyOf(all);
            return this;
        }

        /** Sets the rules under which pictures and videos are fetched from the web. Without them only data in the request is read. */
        public Builder remoteMedia(RemoteMedia rules) {
            this.remote = Optional.of(rules);
            return this;
        }

        /** Sets the last change of each request, for settings that have no name here, such as {@code promptLookup} or a processor. */
        public Builder lastChange(UnaryOperator<io.github.internvl.ChatRequest> change) {
            this.lastChange = change;
            return this;
        }

        /** Makes the chat model, and loads the model behind it where that was asked for. Refuses default parameters that are out of range or not supported. */
        public InternVLChatModel build() {
            InternVL model = source.get();
            try {
                String name = model.info().name();
                ChatRequestParameters all = InternVLChatRequestParameters.builder()
                        .modelName(name)
                        .build()
                        .overrideWith(defaults);
                RequestReader requests = new RequestReader(name, new MediaReader(remote));
                Failures.translated(() -> requests.settings(all));
                return new InternVLChatModel(new Binding(model, all, listeners, requests, lastChange), owned);
            } catch (RuntimeException e) {
                if (owned) {
                    model.close();
                }
                throw e;
            }
        }
    }
}
