package io.github.internvl;

import io.github.internvl.hub.DownloadException;
import io.github.internvl.hub.Hub;
import io.github.internvl.internal.chat.AsyncChats;
import io.github.internvl.internal.chat.ChatService;
import io.github.internvl.internal.engine.Engine;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.Image;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An InternVL model, loaded and ready to answer questions about pictures.
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
    private final DevicePlan devices;
    private final Engine.Limits limits;
    private final Tokenizer tokenizer;
    private final MetricsListener metrics;
    private final ChatService service;
    private @Nullable AsyncChats async; // made for the first request without waiting
    private boolean released;
    private volatile boolean closing;
    private final AtomicBoolean closed = new AtomicBoolean();

    InternVL(
            ModelInfo info,
            DevicePlan devices,
            Engine.Limits limits,
            Tokenizer tokenizer,
            MetricsListener metrics,
            ChatService service) {
        this.info = info;
        this.devices = devices;
        this.limits = limits;
        this.tokenizer = tokenizer;
        this.metrics = metrics;
        this.service = service;
    }

    /**
     * Loads the checkpoint in a folder (config.json, *.safetensors, tokenizer files) with the defaults of {@link InternVLBuilder}.
     *
     * @throws CheckpointException if a file is missing or damaged, or has an unknown setting
     * @throws InternVLException if libtorch cannot be loaded
     */
    public static InternVL load(Path folder) {
        return builder(folder).load();
    }

    /**
     * Loads a model by its id on the hub, such as {@code OpenGVLab/InternVL2_5-1B}, downloading what the cache lacks, or
     * from a folder: if a directory of that name exists, relative to the working directory, that directory is used.
     *
     * @throws CheckpointException if a file is missing, damaged, or has an unknown setting
     * @throws DownloadException if the text is neither, or the files are neither in the cache nor available
     * @throws InternVLException if libtorch cannot be loaded
     * @see Hub for other places, progress, and revisions: {@code InternVL.load(hub.fetch(id, revision))}
     */
    public static InternVL load(String idOrFolder) {
        return builder(idOrFolder).load();
    }

    /** Collects settings for loading the checkpoint in a folder. */
    public static InternVLBuilder builder(Path folder) {
        Objects.requireNonNull(folder, "folder");
        return new InternVLBuilder(folder);
    }

    /** Collects settings for loading a model by its id on the hub, or from a folder, as {@link #load(String)} takes them. */
    public static InternVLBuilder builder(String idOrFolder) {
        Objects.requireNonNull(idOrFolder, "idOrFolder");
        return new InternVLBuilder(idOrFolder);
    }

    /** The facts of the checkpoint that was loaded. */
    public ModelInfo info() {
        return info;
    }

    /** The number format that it computes in. */
    public Precision precision() {
        return devices.precision();
    }

    /** The device, {@code cpu} or {@code cuda:N}; of several the embedding's. */
    public String device() {
        return devices.embedding();
    }

    /** The precision, and the device of each part. */
    public DevicePlan devices() {
        return devices;
    }

    /** The most tokens of a prompt and its answer together. */
    public int contextLength() {
        return limits.contextTokens();
    }

    /** The most requests that are computed at once, where each of several answers or beams counts as one. */
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
     * @throws IllegalStateException in a callback on an engine's thread, where waiting would never end
     */
    public ChatResponse chat(ChatRequest request) {
        Engine.refuseOwnThread();
        return service.stream(asked(request), response -> {}).response();
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
     * @throws InternVLException if the model is closed; the stream reports failures of computing
     */
    public ChatStream stream(ChatRequest request) {
        SettingsCheck.checkStreaming(request.generation());
        return stream(request, response -> {});
    }

    ChatStream stream(ChatRequest request, Consumer<ChatResponse> onResponse) {
        return new ChatStream(service.stream(asked(request), onResponse));
    }

    private static ChatService.Asked asked(ChatRequest request) {
        return new ChatService.Asked(request, RequestBudget.of(request.budget(), request.timeout()));
    }

    /** Asks a question about pictures, or about none, without waiting, as {@link #chatAsync(ChatRequest)} does. */
    public CompletableFuture<ChatResponse> chatAsync(String text, Image... images) {
        return chatAsync(ChatRequest.of(text, images));
    }

    /**
     * Answers a request without waiting: it is also checked and tiled on threads of the model. All exceptions of
     * {@link #chat(ChatRequest)} come in the future, {@link InvalidRequestException} and the model's closing included.
     *
     * <p>Cancelling the future, or completing it in any other way ({@code orTimeout}, {@code completeOnTimeout}), ends its
     * preparation, or stops the generation after the present step and frees its slot; futures derived from it do not pass
     * that on. Dependent stages run on a thread of their own, which they may block.
     */
    public CompletableFuture<ChatResponse> chatAsync(ChatRequest request) {
        return async().ask(asked(Objects.requireNonNull(request, "request")));
    }

    private synchronized AsyncChats async() {
        AsyncChats known = async;
        if (known == null) {
            known = new AsyncChats(service, limits.slots() + limits.waiting());
            if (released) {
                known.close();
            }
            async = known;
        }
        return known;
    }

    /**
     * Answers several requests together ({@code model.batch_chat}), in their order. Each may have any number of pictures,
     * its own history and its own settings; under greedy decoding each answer is the one that the request gets alone, up to
     * rounding: kernels of a GPU differ by the number of rows. All requests are checked before the first is computed. If one
     * fails, the others are stopped.
     *
     * @throws InvalidRequestException if one of the requests is bad; the message says which
     * @throws InternVLException if computing one of them fails, or the model is closed
     */
    public List<ChatResponse> batchChat(List<ChatRequest> requests) {
        return service.batch(requests.stream().map(InternVL::asked).toList());
    }

    /** Starts a conversation that remembers its rounds. */
    public Conversation conversation() {
        return conversation(List.of());
    }

    /** Continues a conversation. */
    public Conversation conversation(List<ChatRequest.Turn> history) {
        return new Conversation(this, history);
    }

    /**
     * Counts the tokens of a request's prompt, visual tokens included, without running the model; it may be longer than
     * {@link #contextLength}.
     *
     * @throws InvalidRequestException if tags and pictures do not match
     */
    public int countTokens(ChatRequest request) {
        return service.countTokens(asked(request));
    }

    /**
     * Writes the prompt of a request without running the model; it may be longer than {@link #contextLength}.
     *
     * @throws InvalidRequestException if tags and pictures do not match
     */
    public Prompt prompt(ChatRequest request) {
        return new Prompt(service.prompt(asked(request)));
    }

    /**
     * The model's tokenizer: text to token ids and back, as prompts and answers use it. Thread-safe. It belongs to the model,
     * which closes it; the caller must not.
     */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** A snapshot of the queue and of the counters. For a stream of events use {@link MetricsListener}. */
    public MetricsListener.Stats stats() {
        return service.stats();
    }

    /** Whether it is closed, or about to be: then it rejects requests. */
    public boolean isClosed() {
        return closing;
    }

    /**
     * Rejects requests from now on, waits until the ones inside are answered, and frees the model; requests that are not
     * answered in time fail. An interrupt ends the wait.
     */
    public void close(Duration patience) {
        closing = true;
        try {
            service.drain(patience);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            close();
        }
    }

    /** Ends all requests after the step that is being computed, and frees the model. Harmless when repeated. */
    @Override
    public void close() {
        closing = true;
        release();
        if (!closed.getAndSet(true)) {
            metrics.onClose();
        }
    }

    void release() {
        AsyncChats started;
        synchronized (this) {
            released = true;
            started = async;
        }
        if (started != null) {
            started.close();
        }
        service.close();
        tokenizer.close();
    }

    /** The prompt of a request, as the model reads it: for comparisons with the reference, and for logs. Immutable. */
    public static final class Prompt {
        private final String text;
        private final int[] ids;
        private final int visualTokens;

        private Prompt(ChatService.WrittenPrompt prompt) {
            this.text = prompt.text();
            this.ids = prompt.ids();
            this.visualTokens = prompt.visualTokens();
        }

        /** The text that is tokenized, the chat template's words included; a picture is a run of {@code <IMG_CONTEXT>}. */
        public String text() {
            return text;
        }

        /** The token ids: a new array at each call. */
        public int[] ids() {
            return ids.clone();
        }

        /** How many of the tokens stand for pictures. */
        public int visualTokens() {
            return visualTokens;
        }

        /** Lengths alone; the text is the user's. */
        @Override
        public String toString() {
            return "Prompt[" + ids.length + " tokens, " + visualTokens + " of them visual]";
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Prompt prompt && text.equals(prompt.text) && Arrays.equals(ids, prompt.ids);
        }

        @Override
        public int hashCode() {
            return 31 * text.hashCode() + Arrays.hashCode(ids);
        }
    }
}
