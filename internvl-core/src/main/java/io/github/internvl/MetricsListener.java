package io.github.internvl;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A callback for the metrics of a model: numbers, and never prompts, pictures or answers. One listener serves one
 * model: {@link InternVLBuilder#metrics}. For a snapshot use {@link InternVL#stats}.
 *
 * <p>Most calls come on the engine's thread, which waits meanwhile: they must return at once. {@link #onLoad}, {@link
 * #onRejection}, {@link #onClose}, and {@link #onEnd} of what is cancelled before it is prepared, come on other threads, so
 * a listener must be thread-safe.
 *
 * <p>On the engine's thread a listener must not wait for an answer: {@link InternVL#chat(ChatRequest)} and the like throw
 * {@link IllegalStateException} there. {@link InternVL#chatAsync(ChatRequest)} does not wait.
 *
 * <p>An exception from a listener, checked or an error, harms neither the engine nor other requests, and is not lost. From
 * {@link #onLoad} it makes loading fail. From {@link #onFirstToken}, {@link #onTokens} or {@link #onEnd} it makes that request
 * fail with an {@link InternVLException} that has it as its cause. From {@link #onFailure} and {@link #onRejection} it is a
 * suppressed exception of the one that the caller gets. From {@link #onClose} it reaches the caller of {@code close}, once the
 * model is closed.
 */
public interface MetricsListener {
    /**
     * A prompt has been computed.
     *
     * @param promptTokens its tokens, visual tokens included
     * @param cachedTokens those of them that were computed for an earlier request
     * @param generatedTokens the first token of each answer: one, or as many as the request asks for
     * @param sinceArrival time to first token, since the model was asked
     */
    record FirstToken(int promptTokens, int cachedTokens, int generatedTokens, Duration sinceArrival) {}

    /**
     * A request has been answered, or its stream was closed.
     *
     * @param id its number in the order of arrival, from 1
     * @param finishReason why its answer ended; of several answers the first
     * @param usage its tokens; of several answers the generated ones together
     * @param timings the time of each part
     * @param sinceArrival the time from arrival to end
     */
    record Ended(
            long id,
            ChatResponse.FinishReason finishReason,
            ChatResponse.Usage usage,
            ChatResponse.Timings timings,
            Duration sinceArrival) {}

    /**
     * The model is loaded and about to serve.
     *
     * @param model its name, as {@link ModelInfo#name} gives it
     * @param stats a snapshot of its queue and counters at each call; thread-safe, also after the model is closed
     */
    default void onLoad(String model, Supplier<Stats> stats) {}

    /** The first token of a request's answer is there. */
    default void onFirstToken(FirstToken first) {}

    /**
     * The next tokens of a request are there.
     *
     * @param tokens one for each of its answers or beams in the making
     * @param sinceLast time per output token: since the ones before
     */
    default void onTokens(int tokens, Duration sinceLast) {}

    /** A request has been answered. */
    default void onEnd(Ended request) {}

    /** A request failed after its admission. */
    default void onFailure(Throwable failure, Duration sinceArrival) {}

    /** A request was refused before any computing: it is invalid, the model is closed, or the queue is full. */
    default void onRejection(Throwable refusal) {}

    /** The model is closed; nothing more comes. */
    default void onClose() {}

    /**
     * A snapshot of a model's queue, and its counts since loading. The numbers may lie a step apart. Immutable.
     *
     * @param running requests that are being computed
     * @param waiting requests that have arrived and have no slot yet
     * @param kvUse how much of the room for keys and values is in use, 0 to 1
     * @param promptTokens tokens of computed prompts, visual and cached tokens included
     * @param cachedTokens those of them that were computed for an earlier request
     * @param generatedTokens tokens generated
     * @param answered requests that have been answered; also those whose stream was closed
     * @param failed requests that failed after their admission
     * @param rejected requests that were refused before any computing
     * @param failure what ended the engine: it answers no more, and the model is to be closed and loaded again; empty while it
     *     serves, and if it was closed
     */
    record Stats(
            int running,
            int waiting,
            double kvUse,
            long promptTokens,
            long cachedTokens,
            long generatedTokens,
            long answered,
            long failed,
            long rejected,
            Optional<String> failure) {}
}
