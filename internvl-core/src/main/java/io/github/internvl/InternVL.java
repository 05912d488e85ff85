package io.github.internvl;

import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.generate.Engine;
import io.github.internvl.internal.generate.Generation;
import io.github.internvl.internal.generate.GenerationRequest;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.TorchRuntime;
import io.github.internvl.tokenizer.ChatTemplate;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.tokenizer.TokenizerException;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.PassOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An InternVL 2.5 model, loaded and ready to answer questions about pictures.
 *
 * <pre>{@code
 * try (InternVL model = InternVL.load(Path.of("InternVL2_5-1B"))) {
 *     String text = model.chat("<image>\nDescribe this image.", Image.open(path)).text();
 * }
 * }</pre>
 *
 * <p>Thread-safe: many threads may ask at once, and their requests are computed together. Whoever loads a model closes it;
 * requests that are not answered by then fail. A bad request throws {@link InvalidRequestException} before any computing
 * and leaves the model serving.
 */
public final class InternVL implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InternVL.class);

    private final ModelInfo info;
    private final Tokenizer tokenizer;
    private final RequestPreparer preparer;
    private final Engine engine;
    private volatile boolean closed;

    private InternVL(ModelInfo info, Tokenizer tokenizer, RequestPreparer preparer, Engine engine) {
        this.info = info;
        this.tokenizer = tokenizer;
        this.preparer = preparer;
        this.engine = engine;
    }

    /**
     * Loads the checkpoint in a folder (config.json, *.safetensors, tokenizer files) with the defaults of {@link Builder}.
     *
     * @throws CheckpointException if a file is missing, damaged, or says something unknown
     */
    public static InternVL load(Path folder) {
        return builder(folder).load();
    }

    /** Starts loading the checkpoint in a folder, with settings. */
    public static Builder builder(Path folder) {
        return new Builder(folder);
    }

    /** What was loaded. */
    public ModelInfo info() {
        return info;
    }

    /** Asks a question about pictures, or about none, and waits for the answer ({@code model.chat}). */
    public ChatResponse chat(String text, Image... images) {
        return chat(ChatRequest.of(text, images));
    }

    /** Answers a request; waits for the answer. */
    public ChatResponse chat(ChatRequest request) {
        return stream(request).response();
    }

    /** Asks a question and streams the answer. */
    public ChatStream stream(String text, Image... images) {
        return stream(ChatRequest.of(text, images));
    }

    /** Answers a request piece by piece. */
    public ChatStream stream(ChatRequest request) {
        return stream(request, response -> {});
    }

    ChatStream stream(ChatRequest request, Consumer<ChatResponse> onResponse) {
        long start = System.nanoTime();
        return submit(check(request), start, onResponse);
    }

    /**
     * Answers several requests together ({@code model.batch_chat}), in their order. Each may have any number of pictures,
     * its own history and its own settings; under greedy decoding each answer is the one that the request gets alone. All
     * requests are checked before the first is computed.
     */
    public List<ChatResponse> batchChat(List<ChatRequest> requests) {
        List<RequestPreparer.Checked> checked =
                requests.stream().map(this::check).toList();
        List<ChatStream> streams = new ArrayList<>();
        try {
            for (RequestPreparer.Checked request : checked) {
                streams.add(submit(request, System.nanoTime(), response -> {}));
            }
            return streams.stream().map(ChatStream::response).toList();
        } finally {
            streams.forEach(ChatStream::close);
        }
    }

    /** Starts a dialogue that remembers its rounds. */
    public Conversation conversation() {
        return conversation(List.of());
    }

    /** Goes on with a dialogue. */
    public Conversation conversation(List<Turn> history) {
        return new Conversation(this, history);
    }

    /** Counts the tokens of a request's prompt, visual tokens included, without running the model. */
    public int countTokens(ChatRequest request) {
        return check(request).prompt().ids().length;
    }

    private RequestPreparer.Checked check(ChatRequest request) {
        if (closed) {
            throw new InternVLException("the model is closed; load it again to ask more");
        }
        return preparer.check(request);
    }

    private ChatStream submit(RequestPreparer.Checked checked, long start, Consumer<ChatResponse> onResponse) {
        GenerationRequest request = preparer.prepare(checked);
        Duration preprocess = Duration.ofNanos(System.nanoTime() - start);
        ChatStream stream = new ChatStream(generation -> {
            ChatResponse response = response(checked, preprocess, generation);
            onResponse.accept(response);
            return response;
        });
        stream.start(engine.submit(request, stream.listener()));
        return stream;
    }

    private static ChatResponse response(RequestPreparer.Checked checked, Duration preprocess, Generation generation) {
        List<Turn> history = new ArrayList<>(checked.turns());
        Turn last = history.remove(history.size() - 1);
        history.add(new Turn(last.question(), last.images(), generation.text()));
        return new ChatResponse(
                generation.text(),
                generation.reason(),
                new ChatResponse.Usage(
                        checked.prompt().ids().length, checked.prompt().visualPlaces().length, generation.ids().length),
                new ChatResponse.Timings(
                        preprocess,
                        Duration.ofNanos(generation.queuedNanos()),
                        Duration.ofNanos(generation.visionNanos()),
                        Duration.ofNanos(generation.prefillNanos()),
                        Duration.ofNanos(generation.decodeNanos())),
                history);
    }

    /** Ends all requests and frees the model. Harmless when repeated. */
    @Override
    public void close() {
        closed = true;
        engine.close();
        tokenizer.close();
    }

    /** Collects how to load a model. Not thread-safe. */
    public static final class Builder {
        private static final Pattern DEVICE = Pattern.compile("cpu|cuda:\\d{1,3}");
        private static final int CHUNK_TOKENS = 512;
        private static final int USUAL_CONTEXT = 8192;

        private final Path folder;
        private @Nullable Precision precision;
        private @Nullable String device;
        private int contextLength;
        private int maxConcurrent = 8;
        private int tilesPerStep = 4;
        private PassOrder passOrder = PassOrder.ROWS_FIRST;
        private ProgressListener progress = (bytes, total) -> {};

        private Builder(Path folder) {
            this.folder = folder;
        }

        /** Sets the number format to compute in; without it, the one that the checkpoint is stored in. */
        public Builder precision(Precision format) {
            this.precision = format;
            return this;
        }

        /** Sets where to compute: {@code cpu} or {@code cuda:0}; without it, the first GPU if there is one. */
        public Builder device(String name) {
            if (!DEVICE.matcher(name).matches()) {
                throw new InvalidRequestException("device must be cpu or cuda:N, such as cuda:0: " + name);
            }
            this.device = name;
            return this;
        }

        /**
         * Sets the most tokens of a prompt and its answer together; without it 8192, or what the model was made for if
         * that is less. Memory is taken only for what requests need.
         */
        public Builder contextLength(int tokens) {
            this.contextLength = atLeastOne("contextLength", tokens);
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

        private static int atLeastOne(String name, int value) {
            if (value < 1) {
                throw new InvalidRequestException(name + " must be at least 1: " + value);
            }
            return value;
        }

        /**
         * Loads the model.
         *
         * @throws CheckpointException if a file is missing, damaged, or says something unknown
         */
        public InternVL load() {
            long start = System.nanoTime();
            Checkpoint checkpoint = Checkpoint.open(folder);
            ModelConfig config = checkpoint.config();
            ChatTemplate template = template(config);
            Tokenizer tokenizer = tokenizer();
            try {
                int context = contextLength > 0 ? contextLength : usualContext(config);
                RequestPreparer preparer = new RequestPreparer(config, template, tokenizer, context, passOrder);
                String place = device();
                NumberFormat format =
                        precision == null ? config.storedFormat() : NumberFormat.valueOf(precision.name());
                Models models = models(checkpoint, format, place);
                Engine.Limits limits = new Engine.Limits(maxConcurrent, context, CHUNK_TOKENS, tilesPerStep);
                LOG.info(
                        "InternVL {} on {} in {}, loaded in {} ms",
                        folder.getFileName(),
                        place,
                        format.name().toLowerCase(Locale.ROOT),
                        Duration.ofNanos(System.nanoTime() - start).toMillis());
                return new InternVL(
                        ModelInfo.of(checkpoint), tokenizer, preparer, new Engine(models, tokenizer, limits));
            } catch (RuntimeException | Error e) {
                tokenizer.close();
                throw e;
            }
        }

        private String device() {
            int gpus = TorchRuntime.gpuCount();
            if (device == null) {
                return gpus > 0 ? "cuda:0" : "cpu";
            }
            if (!device.equals("cpu") && Integer.parseInt(device.substring("cuda:".length())) >= gpus) {
                throw new InternVLException(
                        "device " + device + " is not there: libtorch " + TorchRuntime.version() + " sees " + gpus
                                + " CUDA devices; use cpu, or put a CUDA build of libtorch on the class path");
            }
            return device;
        }

        private Models models(Checkpoint checkpoint, NumberFormat format, String place) {
            long total = checkpoint.bytes();
            long[] bound = {0};
            return Models.load(checkpoint, format, place, bytes -> {
                bound[0] += bytes;
                progress.onProgress(bound[0], total);
            });
        }

        private ChatTemplate template(ModelConfig config) {
            try {
                ChatTemplate template = ChatTemplate.named(config.template());
                return config.systemMessage() == null ? template : template.withSystemMessage(config.systemMessage());
            } catch (IllegalArgumentException e) {
                throw new CheckpointException(folder.resolve("config.json") + ": " + e.getMessage(), e);
            }
        }

        private Tokenizer tokenizer() {
            try {
                return Tokenizer.load(folder);
            } catch (TokenizerException e) {
                throw new CheckpointException(String.valueOf(e.getMessage()), e);
            }
        }

        private static int usualContext(ModelConfig config) {
            ModelConfig.LanguageConfig llm = config.language();
            return llm.ropeFactor() > 0 ? USUAL_CONTEXT : Math.min(USUAL_CONTEXT, llm.positions());
        }
    }
}
