package io.github.internvl;

import io.github.internvl.internal.generate.Engine;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.Image;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * An InternVL 2.5 model, loaded and ready to answer questions about pictures.
 *
 * <pre>{@code
 * try (InternVL model = InternVL.load("OpenGVLab/InternVL2_5-1B")) {
 *     String text = model.chat("<image>\nDescribe this image.", Image.open(path)).text();
 * }
 * }</pre>
 *
 * <p>Thread-safe: many threads may ask at once, and their requests are computed together. The caller that loads a model closes it;
 * requests that are not answered by then fail. A bad request throws {@link InvalidRequestException} before any computing
 * and leaves the model serving; a failure while computing throws {@link InternVLException}.
 */
public final class InternVL implements AutoCloseable {
    private final ModelInfo info;
    private final Placement placement;
    private final Engine.Limits limits;
    private final Tokenizer tokenizer;
    private final Intake intake;
    private final AsyncChats async;
    private final AtomicBoolean closed = new AtomicBoolean();

    InternVL(ModelInfo info, Placement placement, Engine.Limits limits, Tokenizer tokenizer, Intake intake) {
        this.info = info;
        this.placement = placement;
        this.limits = limits;
        this.tokenizer = tokenizer;
        this.intake = intake;
        this.async = new AsyncChats(intake, limits.slots() + limits.waiting());
    }

    /**
     * Loads the checkpoint in a folder (config.json, *.safetensors, tokenizer files) with the defaults of {@link InternVLBuilder}.
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
    public static InternVLBuilder builder(Path folder) {
        Objects.requireNonNull(folder, "folder");
        return new InternVLBuilder(hub -> folder);
    }

    /** Collects settings for loading a model by its id on the hub, or from a folder, as {@link #load(String)} takes them. */
    public static InternVLBuilder builder(String idOrFolder) {
        Objects.requireNonNull(idOrFolder, "idOrFolder");
        return new InternVLBuilder(hub -> hub.get().find(idOrFolder));
    }

    /** The facts of the checkpoint that was loaded. */
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

    /** Most requests that are computed at once, where each of several answers or beams counts as one. */
    public int maxConcurrent() {
        return limits.slots();
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
     * @throws QueueFullException if too many requests are waiting
     * @throws InternVLException if computing fails, the model is closed, or its engine has ended
     * @throws IllegalStateException in a callback on an engine's thread, which would wait for itself
     */
    public ChatResponse chat(ChatRequest request) {
        Engine.refuseOwnThread();
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
        return intake.stream(
                request, RequestBudget.of(request), intake.traffic().arrived(), onResponse);
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
     * <p>To cancel the future, or to complete it in any other way ({@code orTimeout}, {@code completeOnTimeout}), ends its
     * preparation, or stops the generation after the present step and frees its slot; futures derived from it do not pass that on. Dependent stages run
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

    /**
     * The model's tokenizer: text to token ids and back, as prompts and answers use it. Thread-safe. It belongs to the model,
     * which closes it; the caller must not.
     */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    MachineLimits limits() {
        return intake.limits(placement.format(false), device());
    }

    /** A snapshot of the queue and of the counters. For a stream of events use {@link MetricsListener}. */
    public ModelStats stats() {
        return intake.stats();
    }

    /**
     * Takes no more requests in, waits until those inside are answered, and frees the model; what is not answered in time
     * fails. If the waiting thread is interrupted, it waits no longer.
     */
    public void close(Duration patience) {
        try {
            intake.drain(patience);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            close();
        }
    }

    /** Ends all requests after the step that is being computed, and frees the model. Harmless when repeated. */
    @Override
    public void close() {
        release();
        if (!closed.getAndSet(true)) {
            intake.traffic().metrics().onClose();
        }
    }

    void release() {
        async.close();
        intake.close();
        tokenizer.close();
    }
}
