package io.github.internvl.internal.chat;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.MetricsListener;
import io.github.internvl.RequestBudget;
import io.github.internvl.internal.engine.Engine;
import io.github.internvl.internal.engine.PreparedRequest;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The only way of a request to the engine, however it is asked. Its stages: check, tile the pictures, submit; the
 * {@link AnswerStream} takes it from there. Thread-safe.
 */
public final class ChatService {
    private final PromptCheck prompts;
    private final PictureTiler pictures;
    private final Engine engine;
    private final MetricsListener listener;
    private final RequestMetrics.Counters counters = new RequestMetrics.Counters();
    private final int batchAhead;
    private volatile boolean closed;

    /**
     * A request with its budget, which began when the model was asked.
     *
     * @param budget the work that the request may cause, and its deadline
     */
    public record Asked(ChatRequest request, RequestBudget budget) {}

    /**
     * Makes a service that owns an engine: closing the service closes it.
     *
     * @param batchAhead the number of requests of a batch that are tiled before the first is answered
     */
    public ChatService(
            PromptCheck prompts, PictureTiler pictures, Engine engine, MetricsListener listener, int batchAhead) {
        this.prompts = prompts;
        this.pictures = pictures;
        this.engine = engine;
        this.listener = listener;
        this.batchAhead = batchAhead;
    }

    /** Starts a request; {@code onResponse} gets a complete response first, on the engine's thread. */
    public AnswerStream stream(Asked asked, Consumer<ChatResponse> onResponse) {
        return stream(asked, arrived(), onResponse);
    }

    AnswerStream stream(Asked asked, RequestMetrics metrics, Consumer<ChatResponse> onResponse) {
        return metrics.accepting(() -> {
            PreparedRequest checked = check(asked);
            PreparedRequest tiled = pictures.tile(checked, asked.budget());
            return submit(tiled, metrics, onResponse);
        });
    }

    /** Counts a request that arrives. */
    RequestMetrics arrived() {
        return new RequestMetrics(counters, listener);
    }

    /** Rejects a request that the engine or the model cannot serve; writes the prompt of any other. */
    private PreparedRequest check(Asked asked) {
        engine.check(asked.request().generation());
        return prompts.fits(prepare(asked, prompts.contextTokens()));
    }

    private PreparedRequest prepare(Asked asked, int room) {
        return whileOpen(() -> prompts.check(asked.request(), asked.budget(), room));
    }

    private <T> T whileOpen(Supplier<T> work) {
        try {
            return work.get();
        } catch (CancellationException e) { // an IllegalStateException, but not of the model
            throw e;
        } catch (IllegalStateException e) {
            throw closed ? new InternVLException("the model is closed; load it again to ask more", e) : e;
        }
    }

    private AnswerStream submit(PreparedRequest request, RequestMetrics metrics, Consumer<ChatResponse> onResponse) {
        metrics.prepared(request.prompt());
        ResponseWriter writer = new ResponseWriter(
                request.dialogue().turns(),
                request.dialogue().thinking(),
                request.config().format().isText());
        AnswerStream stream = new AnswerStream(metrics, writer, onResponse);
        stream.start(engine.submit(request, stream));
        return stream;
    }

    /** Answers several requests together, in their order; all are checked before the first is computed. */
    public List<ChatResponse> batch(List<Asked> requests) {
        Engine.refuseOwnThread();
        List<PreparedRequest> checked = new ArrayList<>();
        for (Asked asked : requests) {
            try {
                checked.add(check(asked));
            } catch (InvalidRequestException e) {
                throw refusedInBatch(checked.size(), e);
            }
        }
        List<AnswerStream> streams = new ArrayList<>();
        try {
            for (PreparedRequest request : checked) {
                int number = streams.size();
                if (number >= batchAhead) {
                    streams.get(number - batchAhead).response();
                }
                RequestBudget budget = requests.get(number).budget();
                RequestMetrics metrics = arrived();
                streams.add(metrics.accepting(() -> submit(pictures.tile(request, budget), metrics, response -> {})));
            }
            return streams.stream().map(AnswerStream::response).toList();
        } finally {
            streams.forEach(AnswerStream::cancel);
        }
    }

    private InvalidRequestException refusedInBatch(int number, InvalidRequestException e) {
        String message = "request " + number + " of the batch: " + e.getMessage();
        InvalidRequestException refusal = e instanceof RequestBudget.ExceededException limit
                ? new RequestBudget.ExceededException(limit.work().orElse(null), message)
                : new InvalidRequestException(message);
        arrived().refused(refusal);
        return refusal;
    }

    /**
     * A prompt as text and tokens.
     *
     * @param visualTokens how many of the tokens stand for pictures
     */
    public record WrittenPrompt(String text, int[] ids, int visualTokens) {}

    /** The prompt of a request, which may be longer than the context. */
    public WrittenPrompt prompt(Asked asked) {
        return whileOpen(() -> {
            PromptCheck.Draft draft = prompts.draft(asked.request(), asked.budget(), Integer.MAX_VALUE);
            TokenPrompt tokens = prompts.tokens(draft, asked.budget(), Integer.MAX_VALUE);
            return new WrittenPrompt(draft.expandedText(), tokens.ids(), tokens.visualPlaces().length);
        });
    }

    /** The number of tokens in the prompt of a request, which may be longer than the context. */
    public int countTokens(Asked asked) {
        return prepare(asked, Integer.MAX_VALUE).prompt().ids().length;
    }

    /** The counters, and the state of the engine. */
    public MetricsListener.Stats stats() {
        return counters.stats(engine.keyUse(), engine.failure().map(Throwable::toString));
    }

    /** Rejects requests from now on, and waits until the ones inside are answered. */
    public void drain(Duration patience) throws InterruptedException {
        engine.drain(patience);
    }

    /** Closes the engine and with it the models. */
    public void close() {
        closed = true;
        engine.close();
    }
}
