package io.github.internvl;

import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.generate.Engine;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.observe.Trace;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.PassOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An InternVL 2.5 model, loaded and ready to answer questions about pictures.
 *
 * <pre>{@code
 * try (InternVL model = InternVL.load("OpenGVLab/InternVL2_5-1B")) {
 *     String text = model.chat("<image>\nDescribe this image.", Image.open(path)).text();
 * }
 * }</pre>
 *
 * <p>Thread-safe: many threads may ask at once, and their requests are computed together. Whoever loads a model closes it;
 * requests that are not answered by then fail. A bad request throws {@link InvalidRequestException} before any computing
 * and leaves the model serving; a failure while computing throws {@link InternVLException}.
 */
public final class InternVL implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InternVL.class);

    private final ModelInfo info;
    private final Placement placement;
    private final Engine.Limits limits;
    private final Tokenizer tokenizer;
    private final Intake intake;
    private final AsyncChats async;
    private final AtomicBoolean closed = new AtomicBoolean();

    private InternVL(ModelInfo info, Placement placement, Engine.Limits limits, Tokenizer tokenizer, Intake intake) {
        this.info = info;
        this.placement = placement;
        this.limits = limits;
        this.tokenizer = tokenizer;
        this.intake = intake;
        this.async = new AsyncChats(intake);
    }

    /**
     * Loads the checkpoint in a folder (config.json, *.safetensors, tokenizer files) with the defaults of {@link Builder}.
     *
     * @throws CheckpointException if a file is missing, damaged, or says something unknown
     * @throws InternVLException if libtorch cannot be loaded
     */
    public static InternVL load(Path folder) {
        return builder(folder).load();
    }

    /**
     * Loads a model by its id on the hub, such as {@code OpenGVLab/InternVL2_5-1B}, downloading what the cache lacks, or
     * from a folder: if a directory of that name exists, relative to the working directory, it is taken and not the hub.
     *
     * @throws CheckpointException if the text is neither, or a file is missing, damaged, or says something unknown
     * @throws DownloadException if the files are neither in the cache nor to be had
     * @throws InternVLException if libtorch cannot be loaded
     * @see Hub for other places, progress, and revisions: {@code InternVL.load(hub.fetch(id, revision))}
     */
    public static InternVL load(String idOrFolder) {
        return builder(idOrFolder).load();
    }

    /** Collects settings for loading the checkpoint in a folder. */
    public static Builder builder(Path folder) {
        Objects.requireNonNull(folder, "folder");
        return new Builder(hub -> folder);
    }

    /** Collects settings for loading a model by its id on the hub, or from a folder, as {@link #load(String)} takes them. */
    public static Builder builder(String idOrFolder) {
        Objects.requireNonNull(idOrFolder, "idOrFolder");
        return new Builder(hub -> hub.get().find(idOrFolder));
    }

    /** What was loaded. */
    public ModelInfo info() {
        return info;
    }

    /** The number format it computes in. */
    public Precision precision() {
        return placement.precision();
    }

    /** Where it computes, {@code cpu} or {@code cuda:N}; of several devices the embedding's. */
    public String device() {
        return placement.devices().embedding();
    }

    /** Which device holds which part. */
    public DevicePlan devices() {
        return placement.devices();
    }

    /** Most tokens of a prompt and its answer together. */
    public int contextLength() {
        return limits.contextTokens();
    }

    /**
     * Asks a question about pictures, or about none, and waits for the answer ({@code model.chat}).
     *
     * @throws InvalidRequestException if tags and pictures do not match, or the prompt is longer than the context
     * @throws InternVLException if computing fails or the model is closed
     */
    public ChatResponse chat(String text, Image... images) {
        return chat(ChatRequest.of(text, images));
    }

    /**
     * Answers a request; waits for the answer.
     *
     * @throws InvalidRequestException if tags and pictures do not match, or the prompt is longer than the context
     * @throws InternVLException if computing fails or the model is closed
     */
    public ChatResponse chat(ChatRequest request) {
        return stream(request, response -> {}).response();
    }

    /** Asks a question and streams the answer; the caller closes the stream. */
    public ChatStream stream(String text, Image... images) {
        return stream(ChatRequest.of(text, images));
    }

    /**
     * Answers a request piece by piece; the caller closes the stream.
     *
     * @throws InvalidRequestException if tags and pictures do not match, the prompt is longer than the context, or the
     *     request asks for beams or several answers
     * @throws InternVLException if the model is closed; what fails while computing, the stream tells
     */
    public ChatStream stream(ChatRequest request) {
        GenerationRules.checkStreaming(request.generation());
        return stream(request, response -> {});
    }

    ChatStream stream(ChatRequest request, Consumer<ChatResponse> onResponse) {
        return intake.stream(request, intake.traffic().arrived(), onResponse);
    }

    /** Asks a question about pictures, or about none, without waiting, as {@link #chatAsync(ChatRequest)} does. */
    public CompletableFuture<ChatResponse> chatAsync(String text, Image... images) {
        return chatAsync(ChatRequest.of(text, images));
    }

    /**
     * Answers a request without waiting: checking it and tiling its pictures happen on threads of the model too. All that
     * {@link #chat(ChatRequest)} throws comes in the future, {@link InvalidRequestException} and the model's closing
     * included.
     *
     * <p>To cancel the future, or to complete it in any other way ({@code orTimeout}, {@code completeOnTimeout}), stops the
     * generation after the present step and frees its slot; futures derived from it do not pass that on. Dependent stages run
     * on a thread that the model has for them, which they may block.
     */
    public CompletableFuture<ChatResponse> chatAsync(ChatRequest request) {
        return async.ask(Objects.requireNonNull(request, "request"));
    }

    /**
     * Answers several requests together ({@code model.batch_chat}), in their order. Each may have any number of pictures,
     * its own history and its own settings; under greedy decoding each answer is the one that the request gets alone. All
     * requests are checked before the first is computed. If one fails, the others are stopped.
     *
     * @throws InvalidRequestException if one of the requests is bad; the message says which
     * @throws InternVLException if computing one of them fails, or the model is closed
     */
    public List<ChatResponse> batchChat(List<ChatRequest> requests) {
        return intake.batch(requests);
    }

    /** Starts a dialogue that remembers its rounds. */
    public Conversation conversation() {
        return conversation(List.of());
    }

    /** Goes on with a dialogue. */
    public Conversation conversation(List<Turn> history) {
        return new Conversation(this, history);
    }

    /**
     * Counts the tokens of a request's prompt, visual tokens included, without running the model; it may be longer than
     * {@link #contextLength}.
     *
     * @throws InvalidRequestException if tags and pictures do not match
     */
    public int countTokens(ChatRequest request) {
        return intake.check(request).prompt().ids().length;
    }

    /** What it has to do and what it has done, for whom a {@link MetricsListener} is too much. */
    public ModelStats stats() {
        return intake.traffic().stats(0); // of the room for keys and values nobody keeps account yet
    }

    /** Ends all requests after the step that is being computed, and frees the model. Harmless when repeated. */
    @Override
    public void close() {
        async.close();
        intake.close();
        tokenizer.close();
        if (!closed.getAndSet(true)) {
            intake.traffic().metrics().onClose();
        }
    }

    /** Collects how to load a model. Not thread-safe. */
    public static final class Builder {
        private static final int CHUNK_TOKENS = 512;
        private static final int USUAL_CONTEXT = 8192;
        private static final int LONGEST_CONTEXT = 1 << 20;

        private final Function<Supplier<Hub>, Path> source;
        private Supplier<Hub> hub = Hub::fromEnvironment;
        private @Nullable Precision precision;
        private @Nullable DeviceMap devices;
        private OptionalInt contextLength = OptionalInt.empty();
        private int maxConcurrent = 8;
        private int tilesPerStep = 4;
        private PassOrder passOrder = PassOrder.ROWS_FIRST;
        private ProgressListener progress = (bytes, total) -> {};
        private MetricsListener metrics = new MetricsListener() {};

        private Builder(Function<Supplier<Hub>, Path> source) {
            this.source = source;
        }

        /** Sets where a model that is named by its id comes from; without it, where the environment says. */
        public Builder hub(Hub place) {
            this.hub = () -> place;
            return this;
        }

        /** Sets the number format to compute in; without it, the best for the device and the checkpoint. */
        public Builder precision(Precision format) {
            this.precision = format;
            return this;
        }

        /** Sets where to compute: {@code cpu} or {@code cuda:0}; without it, the first GPU if there is one. */
        public Builder device(String name) {
            return devices(DeviceMap.single(name));
        }

        /** Sets how to spread the model over devices; without it, everything is on the first GPU if there is one. */
        public Builder devices(DeviceMap map) {
            this.devices = map;
            return this;
        }

        /**
         * Sets the most tokens of a prompt and its answer together, 1 to 1048576; without it 8192, or what the model was made
         * for if that is less. Beyond {@link ModelInfo#positions} answers get worse. Memory is taken only for what requests
         * need.
         */
        public Builder contextLength(int tokens) {
            if (tokens > LONGEST_CONTEXT) {
                throw new IllegalArgumentException("contextLength must be 1.." + LONGEST_CONTEXT + ": " + tokens);
            }
            this.contextLength = OptionalInt.of(atLeastOne("contextLength", tokens));
            return this;
        }

        /** Sets how many requests are computed together; more wait. Without it 8. */
        public Builder maxConcurrent(int requests) {
            this.maxConcurrent = atLeastOne("maxConcurrent", requests);
            return this;
        }

        /** Sets how many tiles the ViT takes at once, which bounds its memory. Without it 4. */
        public Builder tilesPerStep(int tiles) {
            this.tilesPerStep = atLeastOne("tilesPerStep", tiles);
            return this;
        }

        /** Sets which Pillow the resize of pictures follows; without it, every one up to 12. */
        public Builder passOrder(PassOrder order) {
            this.passOrder = order;
            return this;
        }

        /** Sets who hears how far loading has come. */
        public Builder progress(ProgressListener listener) {
            this.progress = listener;
            return this;
        }

        /** Sets who hears what the model does, in numbers; one listener serves one model. */
        public Builder metrics(MetricsListener listener) {
            this.metrics = listener;
            return this;
        }

        private static int atLeastOne(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " must be at least 1: " + value);
            }
            return value;
        }

        /**
         * Loads the model.
         *
         * @throws CheckpointException if a file is missing, damaged, or says something unknown
         * @throws DownloadException if the model is named by its id, and neither in the cache nor to be had
         * @throws InternVLException if a device is not there, the model does not fit, or libtorch cannot be loaded
         */
        public InternVL load() {
            Path folder = source.apply(hub);
            long start = System.nanoTime();
            Checkpoint checkpoint = Checkpoint.open(folder);
            ModelConfig config = checkpoint.config();
            ModelInfo info = ModelInfo.of(checkpoint);
            CheckpointText text = CheckpointText.open(folder, config);
            try {
                int context = contextLength.orElse(usualContext(config));
                RequestPreparer preparer =
                        new RequestPreparer(config, text.template(), text.tokenizer(), context, passOrder);
                Placement placement = Placement.choose(precision, devices, info, context);
                Engine.Limits limits = new Engine.Limits(maxConcurrent, context, CHUNK_TOKENS, tilesPerStep);
                Engine engine = new Engine(models(checkpoint, info, placement), text.tokenizer(), limits);
                Intake intake = new Intake(preparer, engine, new Traffic(metrics), 2 * limits.slots());
                LOG.info(
                        "InternVL {} on {} in {}, loaded in {} ms",
                        folder.getFileName(),
                        String.join(" and ", placement.devices().bytes().keySet()),
                        placement.precision().name().toLowerCase(Locale.ROOT),
                        Duration.ofNanos(System.nanoTime() - start).toMillis());
                return listened(new InternVL(info, placement, limits, text.tokenizer(), intake));
            } catch (RuntimeException | Error e) {
                text.tokenizer().close();
                throw e;
            }
        }

        private InternVL listened(InternVL model) {
            try {
                metrics.onLoad(model);
                return model;
            } catch (RuntimeException | Error e) {
                model.close();
                throw e;
            }
        }

        private Models models(Checkpoint checkpoint, ModelInfo info, Placement placement) {
            long total = checkpoint.bytes();
            String device = placement.devices().embedding();
            String precision = placement.precision().name().toLowerCase(Locale.ROOT);
            Trace.Span span = Trace.load(info.name(), precision, device, total);
            long[] bound = {0};
            Models models = Models.load(checkpoint, placement.format(), bytes -> {
                bound[0] += bytes;
                progress.onProgress(bound[0], total);
            });
            span.commit();
            return models;
        }

        private static int usualContext(ModelConfig config) {
            ModelConfig.LanguageConfig llm = config.language();
            return llm.ropeFactor() > 0 ? USUAL_CONTEXT : Math.min(USUAL_CONTEXT, llm.positions());
        }
    }
}
