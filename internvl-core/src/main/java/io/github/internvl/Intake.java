package io.github.internvl;

import io.github.internvl.internal.generate.Engine;
import io.github.internvl.internal.generate.Generation;
import io.github.internvl.internal.generate.GenerationRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/** The one way of a request to the engine, however it is asked: checked, prepared, handed in, and watched. Thread-safe. */
final class Intake {
    private final RequestPreparer preparer;
    private final Engine engine;
    private final Traffic traffic;
    private final int batchAhead;
    private volatile boolean closed;

    /** Takes requests for an engine, of a batch this many ahead: the tiles of more would only take memory. */
    Intake(RequestPreparer preparer, Engine engine, Traffic traffic, int batchAhead) {
        this.preparer = preparer;
        this.engine = engine;
        this.traffic = traffic;
        this.batchAhead = batchAhead;
    }

    Traffic traffic() {
        return traffic;
    }

    ModelStats stats() {
        return traffic.stats(engine.keyUse(), engine.failure().map(Throwable::toString));
    }

    /** Starts a request; {@code onResponse} hears of a complete answer first, on the engine's thread. */
    ChatStream stream(
            ChatRequest request, RequestBudget budget, RequestWatch watch, Consumer<ChatResponse> onResponse) {
        return watch.accepting(() -> submit(accept(request, budget), watch, onResponse));
    }

    List<ChatResponse> batch(List<ChatRequest> requests) {
        Engine.refuseOwnThread();
        List<RequestPreparer.Checked> checked = new ArrayList<>();
        for (ChatRequest request : requests) {
            try {
                checked.add(accept(request, RequestBudget.of(request)));
            } catch (InvalidRequestException e) {
                String message = "request " + checked.size() + " of the batch: " + e.getMessage();
                InvalidRequestException refusal = e instanceof BudgetExceededException limit
                        ? new BudgetExceededException(limit.work().orElse(null), message)
                        : new InvalidRequestException(message);
                traffic.arrived().refused(refusal);
                throw refusal;
            }
        }
        List<ChatStream> streams = new ArrayList<>();
        try {
            for (RequestPreparer.Checked request : checked) {
                if (streams.size() >= batchAhead) {
                    streams.get(streams.size() - batchAhead).response();
                }
                RequestWatch watch = traffic.arrived();
                streams.add(watch.accepting(() -> submit(request, watch, response -> {})));
            }
            return streams.stream().map(ChatStream::response).toList();
        } finally {
            streams.forEach(ChatStream::close);
        }
    }

    /** Checks a request against its pictures, not against the context. */
    RequestPreparer.Checked check(ChatRequest request) {
        return check(request, RequestBudget.of(request), Integer.MAX_VALUE);
    }

    private RequestPreparer.Checked check(ChatRequest request, RequestBudget budget, int room) {
        try {
            return preparer.check(request, budget, room);
        } catch (CancellationException e) { // an IllegalStateException, but not of the model
            throw e;
        } catch (IllegalStateException e) {
            throw closed ? new InternVLException("the model is closed; load it again to ask more", e) : e;
        }
    }

    private RequestPreparer.Checked accept(ChatRequest request, RequestBudget budget) {
        engine.check(request.generation());
        return preparer.fits(check(request, budget, preparer.contextTokens()));
    }

    private ChatStream submit(RequestPreparer.Checked checked, RequestWatch watch, Consumer<ChatResponse> onResponse) {
        long start = System.nanoTime();
        GenerationRequest request = preparer.prepare(checked);
        Duration preprocess = Duration.ofNanos(System.nanoTime() - start + checked.nanos());
        ChatStream stream = new ChatStream();
        Generation.Listener listener = watch.listener(
                stream,
                request.prompt(),
                preprocess,
                generation -> preparer.response(checked, preprocess, generation),
                onResponse);
        stream.start(engine.submit(request, listener));
        return stream;
    }

    /** Takes nothing more in, and waits until everything is answered. */
    void drain(Duration patience) throws InterruptedException {
        engine.drain(patience);
    }

    /** Closes the engine and with it the models. */
    void close() {
        closed = true;
        engine.close();
    }
}
