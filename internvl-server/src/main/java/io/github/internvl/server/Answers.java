package io.github.internvl.server;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatStream;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Gets answers of the model for clients who may leave: whole, or piece by piece. Twenty times a second it looks whether the
 * client is still there; if not, the generation is stopped and its slot is free. Thread-safe.
 */
final class Answers {
    private static final long LOOK_MILLIS = 50;
    private static final long QUIET_LOOKS = 15_000 / LOOK_MILLIS;

    private static final long GRACE_NANOS = 15_000_000_000L;

    private final InternVL model;
    private final Failures failures;

    /** The writer of an answer as it comes; {@code index} counts the answers of a request from 0. */
    interface Writing {
        void start(EventStream out);

        void piece(EventStream out, int index, String text);

        void end(EventStream out, int index, ChatResponse response);

        void end(EventStream out, List<ChatResponse> responses);

        /** Ends an answer that fails: the status has been sent. */
        default void fail(EventStream out, Refusal refusal) {
            out.data(refusal.body());
        }
    }

    /** An event of a model's stream. */
    private sealed interface Event {
        record Piece(int index, String text) implements Event {}

        record End(int index, @Nullable Throwable failure) implements Event {}
    }

    Answers(InternVL model, Failures failures) {
        this.model = model;
        this.failures = failures;
    }

    /** Waits for a whole answer. */
    ChatResponse whole(Exchange exchange, ChatRequest request) {
        refuseTooMany(request);
        CompletableFuture<ChatResponse> future = model.chatAsync(request);
        try {
            while (true) {
                try {
                    ChatResponse response = future.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                    exchange.note(response);
                    return begun(response);
                } catch (TimeoutException e) {
                    exchange.check();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Refusal.unavailable("shutting_down", "the server is being shut down");
        } catch (ExecutionException e) {
            throw unchecked(e.getCause());
        } finally {
            future.cancel(true);
        }
    }

    /** An answer whose time was over while it waited is none. */
    private static ChatResponse begun(ChatResponse response) {
        if (response.finishReason() == FinishReason.TIMEOUT && response.usage().generatedTokens() == 0) {
            throw Refusal.unavailable("timeout", "the time of the request was over before its turn came");
        }
        return response;
    }

    /** Writes an answer, or the several that the request asks for, as they come. */
    void streamed(Exchange exchange, ChatRequest request, Writing writing) {
        refuseTooMany(request);
        BlockingQueue<Event> events = new LinkedBlockingQueue<>();
        List<ChatStream> streams = new ArrayList<>();
        try {
            for (ChatRequest one : single(request, exchange)) {
                ChatStream stream = model.stream(one);
                streams.add(stream);
                stream.publisher().subscribe(new Reader(streams.size() - 1, events));
            }
            EventStream out = exchange.events();
            writing.start(out);
            out.flush();
            try {
                writing.end(out, write(exchange, streams, events, writing, out));
            } catch (RuntimeException | OutOfMemoryError e) {
                if (!(e instanceof ClientGone)) {
                    writing.fail(out, failures.refusal(e, exchange.id()));
                    out.close();
                }
                throw e;
            }
            out.end();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Refusal.unavailable("shutting_down", "the server is being shut down");
        } finally {
            streams.forEach(ChatStream::close);
        }
    }

    private static List<ChatResponse> write(
            Exchange exchange, List<ChatStream> streams, BlockingQueue<Event> events, Writing writing, EventStream out)
            throws InterruptedException {
        List<ChatResponse> ended = new ArrayList<>();
        long quiet = 0;
        while (ended.size() < streams.size()) {
            Event event = events.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            exchange.check();
            if (event == null) {
                refuseTooLate(exchange.budget().deadlineNanos(), System.nanoTime());
            }
            quiet = event == null ? quiet + 1 : 0;
            if (event instanceof Event.Piece piece) {
                writing.piece(out, piece.index(), piece.text());
            } else if (event instanceof Event.End end) {
                if (end.failure() != null) {
                    throw unchecked(end.failure());
                }
                ChatResponse response = streams.get(end.index()).response();
                exchange.note(response);
                writing.end(out, end.index(), response);
                ended.add(response);
            } else if (quiet % QUIET_LOOKS == 0) {
                out.keepAlive();
            }
            if (events.isEmpty()) {
                out.flush();
            }
        }
        return ended;
    }

    /** Ends a stream that the model should have ended: longer than its own grace after the time of the request. */
    static void refuseTooLate(OptionalLong deadline, long now) {
        if (deadline.isPresent() && now - deadline.getAsLong() > GRACE_NANOS) {
            throw Refusal.unavailable("timeout", "the time of the request was over, and its answer did not end");
        }
    }

    /** Several answers are as many as a whole one can have, though in a stream each is a request of its own. */
    private void refuseTooMany(ChatRequest request) {
        int answers = request.generation().answers();
        if (answers > model.maxConcurrent()) {
            throw Refusal.wrong(
                    "n",
                    "n must be at most " + model.maxConcurrent() + ", the answers that this server makes at once: "
                            + answers);
        }
    }

    /** A stream has one text: each answer is a request of its own, with the seed that it would have beside the others. */
    private static List<ChatRequest> single(ChatRequest request, Exchange exchange) {
        GenerationConfig config = request.generation();
        if (config.answers() == 1) {
            return List.of(request);
        }
        List<ChatRequest> requests = new ArrayList<>();
        for (int i = 0; i < config.answers(); i++) {
            GenerationConfig.Builder own = config.toBuilder().answers(1);
            long number = i;
            config.sampling().seed().ifPresent(seed -> own.seed(seed + number));
            requests.add(request.toBuilder()
                    .generation(own.build())
                    .budget(exchange.sameTime())
                    .build());
        }
        return requests;
    }

    private static RuntimeException unchecked(@Nullable Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException known ? known : new IllegalStateException(failure);
    }

    /** Passes on what a stream of the model tells. */
    private record Reader(int index, BlockingQueue<Event> events) implements Flow.Subscriber<String> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(String text) {
            events.add(new Event.Piece(index, text));
        }

        @Override
        public void onError(Throwable failure) {
            events.add(new Event.End(index, failure));
        }

        @Override
        public void onComplete() {
            events.add(new Event.End(index, null));
        }
    }
}
