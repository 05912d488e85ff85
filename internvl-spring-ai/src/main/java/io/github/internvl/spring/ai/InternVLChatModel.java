package io.github.internvl.spring.ai;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatStream;
import io.github.internvl.InternVL;
import io.github.internvl.RequestBudget;
import io.github.internvl.web.RemoteMedia;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.MessageAggregator;
import org.springframework.ai.chat.observation.ChatModelObservationContext;
import org.springframework.ai.chat.observation.ChatModelObservationConvention;
import org.springframework.ai.chat.observation.ChatModelObservationDocumentation;
import org.springframework.ai.chat.observation.DefaultChatModelObservationConvention;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/**
 * A chat model of Spring AI over a model in this process. Media of a message are pictures, or one video, and come before its words;
 * Spring AI gives them no places among the words. Special tokens in texts are ordinary text.
 *
 * <p>The model asks for tool calls and runs none: {@code ToolCallingAdvisor} of {@code ChatClient} does. They have the schema of their
 * parameters only if {@link InternVLChatOptions.Builder#toolChoice} requires one; after the result of a tool the model chooses
 * freely. An output schema, in contrast, is always enforced: with tools beside it, the answer is one call, or a text of the schema.
 *
 * <p>The model belongs to the caller, who closes it. Thread-safe. Failures are those of {@link InternVL#chat(ChatRequest)}: {@link
 * IllegalArgumentException} for a bad prompt, {@link io.github.internvl.QueueFullException}, {@link
 * io.github.internvl.InternVLException}.
 */
public final class InternVLChatModel implements ChatModel {
    private static final String PROVIDER = "internvl";
    private static final ChatModelObservationConvention USUAL = new DefaultChatModelObservationConvention();

    private final InternVL model;
    private final InternVLChatOptions options;
    private final RequestReader requests;
    private final UnaryOperator<ChatRequest> lastChange;
    private final ObservationRegistry registry;
    private final @Nullable ChatModelObservationConvention convention;

    private InternVLChatModel(Builder builder) {
        this.model = builder.model;
        String name = model.info().name();
        this.options = builder.options.getModel() == null
                ? builder.options.mutate().model(name).build()
                : builder.options;
        RequestReader.check(options);
        this.requests = new RequestReader(name, new MediaReader(builder.remote));
        this.lastChange = builder.lastChange;
        this.registry = builder.registry;
        this.convention = builder.convention;
    }

    /** Starts a chat model over a model that the caller owns. */
    public static Builder builder(InternVL model) {
        return new Builder(model);
    }

    /** The options of prompts that bring none of their own. */
    @Override
    public InternVLChatOptions getOptions() {
        return options;
    }

    /** Answers a prompt; waits for the answer. */
    @Override
    public ChatResponse call(Prompt prompt) {
        Prompt asked = withOptions(prompt);
        ChatModelObservationContext context = context(asked, false);
        return Objects.requireNonNull(observation(context).observe(() -> {
            ChatRequest request = request(asked, RequestBudget.defaults());
            ChatResponse response = writer(request).whole(model.chat(request));
            context.setResponse(response);
            return response;
        }));
    }

    /**
     * Answers a prompt piece by piece. Each subscription asks anew, and its pictures are decoded on a thread of Reactor's bounded elastic
     * scheduler. Cancelling it ends the preparation, or stops the generation. The last piece has the tool calls, the finish reason and the usage.
     */
    @Override
    public Flux<ChatResponse> stream(Prompt prompt) {
        Prompt asked = withOptions(prompt);
        return Flux.deferContextual(view -> {
            ChatModelObservationContext context = context(asked, true);
            Observation observation = observation(context)
                    .parentObservation(view.getOrDefault(ObservationThreadLocalAccessor.KEY, null))
                    .start();
            AtomicBoolean ended = new AtomicBoolean(); // an answer may end while its subscription is cancelled
            Runnable stop = () -> {
                if (ended.compareAndSet(false, true)) {
                    observation.stop();
                }
            };
            return new MessageAggregator()
                    .aggregate(pieces(asked), context::setResponse)
                    .doOnError(failure -> {
                        if (!ended.get()) {
                            observation.error(failure);
                        }
                    })
                    .doOnTerminate(stop) // before the subscriber learns of the end
                    .doOnCancel(stop)
                    .contextWrite(known -> known.put(ObservationThreadLocalAccessor.KEY, observation));
        });
    }

    /** One answer in the making, and its conversion. */
    private record Running(ChatStream stream, AnswerWriter writer) {
        Flux<ChatResponse> pieces() {
            return JdkFlowAdapter.flowPublisherToFlux(stream.publisher())
                    .map(writer::withheld)
                    .filter(text -> !text.isEmpty())
                    .map(writer::piece)
                    .concatWith(Flux.defer(() -> Flux.just(writer.end(stream.response()))));
        }
    }

    /** The pieces for one subscription. Once that is cancelled, a failure is nobody's: preparing it fails because of that. */
    private Flux<ChatResponse> pieces(Prompt prompt) {
        RequestBudget budget = RequestBudget.defaults();
        AtomicBoolean cancelled = new AtomicBoolean();
        return Flux.using(
                        () -> start(prompt, budget),
                        Running::pieces,
                        running -> running.stream().close())
                .subscribeOn(Schedulers.boundedElastic())
                .onErrorResume(failure -> cancelled.get() ? Flux.never() : Flux.error(failure))
                .doOnCancel(() -> {
                    cancelled.set(true);
                    budget.cancel();
                });
    }

    private Running start(Prompt prompt, RequestBudget budget) {
        ChatRequest request = request(prompt, budget);
        budget.check("the prompt"); // the last change may have set another one
        return new Running(model.stream(request), writer(request));
    }

    private AnswerWriter writer(ChatRequest request) {
        boolean tools = request.toolChoice().isAllowed() && !request.tools().isEmpty();
        return new AnswerWriter(model.info().name(), tools);
    }

    private ChatRequest request(Prompt prompt, RequestBudget budget) {
        InternVLChatOptions asked = (InternVLChatOptions) Objects.requireNonNull(prompt.getOptions());
        return lastChange.apply(requests.read(prompt.getInstructions(), asked).toBuilder()
                .budget(budget)
                .build());
    }

    /** The prompt with options of ours: its own, those of another kind by what they have in common, or else the model's. */
    private Prompt withOptions(Prompt prompt) {
        ChatOptions given = prompt.getOptions();
        if (given instanceof InternVLChatOptions) {
            return prompt;
        }
        InternVLChatOptions asked = given == null
                ? options
                : InternVLChatOptions.builder().combineWith(given.mutate()).build();
        return new Prompt(prompt.getInstructions(), asked);
    }

    private static ChatModelObservationContext context(Prompt prompt, boolean streaming) {
        return ChatModelObservationContext.builder()
                .prompt(prompt)
                .provider(PROVIDER)
                .streaming(streaming)
                .build();
    }

    private Observation observation(ChatModelObservationContext context) {
        return ChatModelObservationDocumentation.CHAT_MODEL_OPERATION.observation(
                convention, USUAL, () -> context, registry);
    }

    /** Collects settings. Not thread-safe. */
    public static final class Builder {
        private final InternVL model;
        private InternVLChatOptions options = InternVLChatOptions.builder().build();
        private Optional<RemoteMedia> remote = Optional.empty();
        private UnaryOperator<ChatRequest> lastChange = request -> request;
        private ObservationRegistry registry = ObservationRegistry.NOOP;
        private @Nullable ChatModelObservationConvention convention;

        private Builder(InternVL model) {
            this.model = model;
        }

        /** Sets the options of prompts that bring none of their own. */
        public Builder options(InternVLChatOptions usual) {
            this.options = usual;
            return this;
        }

        /** Sets the rules under which media are fetched from the web. Without them only data in the prompt is read. */
        public Builder remoteMedia(RemoteMedia rules) {
            this.remote = Optional.of(rules);
            return this;
        }

        /** Sets the last change of each request, for settings that have no name here, such as {@code promptLookup} or a processor. */
        public Builder lastChange(UnaryOperator<ChatRequest> change) {
            this.lastChange = change;
            return this;
        }

        /** Sets the registry of observations: a span and a timer for each prompt. Without it there are none. */
        public Builder observationRegistry(ObservationRegistry observations) {
            this.registry = observations;
            return this;
        }

        /** Sets the names and values of observations; without it Spring AI's. */
        public Builder observationConvention(ChatModelObservationConvention names) {
            this.convention = names;
            return this;
        }

        /**
         * The chat model.
         *
         * @throws IllegalArgumentException if the options have a value that no request can have
         */
        public InternVLChatModel build() {
            return new InternVLChatModel(this);
        }
    }
}
