package io.github.internvl.server.openai;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatStream;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.server.http.ApiException;
import io.github.internvl.server.http.ClientGone;
import io.github.internvl.server.http.ErrorMapper;
import io.github.internvl.server.http.EventStream;
import io.github.internvl.server.http.RequestContext;
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
 * Runs chat requests for clients that may disconnect, with a complete or a streamed answer. Twenty times a second it checks that
 * the client is still connected; if not, it cancels the generation, which frees the slot. Thread-safe.
 */
final class ChatRunner {
    private static final long POLL_MILLIS = 50;
    private static final long QUIET_POLLS = 15_000 / POLL_MILLIS;

    private static final long GRACE_NANOS = 15_000_000_000L;

    private final InternVL model;
    private final ErrorMapper errors;

    /** A protocol's writer of streamed answers; {@code index} counts the answers of a request from 0. */
    interface StreamWriter {
        void start(EventStream out);

        void text(EventStream out, int index, String text);

        /** Writes a piece of thinking, which protocols without a place for it leave out. */
        default void thinking(EventStream out, int index, String text) {}

        void endAnswer(EventStream out, int index, ChatResponse answer);

        void end(EventStream out, List<ChatResponse> answers);

        /** Reports a failure after the status has been sent. */
        default void fail(EventStream out, ApiException failure) {
            out.data(failure.body());
        }
    }

    /** An event of a stream of the model. */
    private sealed interface Event {
        record Piece(int index, ChatResponse.Piece piece) implements Event {}

        record End(int index, @Nullable Throwable failure) implements Event {}
    }

    ChatRunner(InternVL model, ErrorMapper errors) {
        this.model = model;
        this.errors = errors;
    }

    /** Waits for a complete answer. */
    ChatResponse complete(RequestContext context, ChatRequest request) {
        checkAnswers(request);
        CompletableFuture<ChatResponse> future = model.chatAsync(request);
        try {
            while (true) {
                try {
                    ChatResponse response = future.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
                    context.record(response);
                    return checkStarted(response);
                } catch (TimeoutException e) {
                    context.check();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiException.unavailable("shutting_down", "the server is shutting down");
        } catch (ExecutionException e) {
            throw unchecked(e.getCause());
        } finally {
            future.cancel(true);
        }
    }

    /** Rejects an answer that timed out in the queue. */
    private static ChatResponse checkStarted(ChatResponse response) {
        if (response.finishReason() == FinishReason.TIMEOUT && response.usage().generatedTokens() == 0) {
            throw ApiException.unavailable("timeout", "the request timed out in the queue");
        }
        return response;
    }

    /** Streams an answer, or several if the request asks for them. */
    void stream(RequestContext context, ChatRequest request, StreamWriter writer) {
        checkAnswers(request);
        BlockingQueue<Event> events = new LinkedBlockingQueue<>();
        List<ChatStream> streams = new ArrayList<>();
        try {
            for (ChatRequest one : single(request, context)) {
                ChatStream stream = model.stream(one);
                streams.add(stream);
                stream.piecePublisher().subscribe(new Reader(streams.size() - 1, events));
            }
            EventStream out = context.events();
            writer.start(out);
            out.flush();
            try {
                writer.end(out, write(context, streams, events, writer, out));
            } catch (RuntimeException | OutOfMemoryError e) {
                if (!(e instanceof ClientGone)) {
                    writer.fail(out, errors.map(e, context.id()));
                    out.close();
                }
                throw e;
            }
            out.end();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiException.unavailable("shutting_down", "the server is shutting down");
        } finally {
            streams.forEach(ChatStream::close);
        }
    }

    private static List<ChatResponse> write(
            RequestContext context,
            List<ChatStream> streams,
            BlockingQueue<Event> events,
            StreamWriter writer,
            EventStream out)
            throws InterruptedException {
        List<ChatResponse> ended = new ArrayList<>();
        long quiet = 0;
        while (ended.size() < streams.size()) {
            Event event = events.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
            context.check();
            if (event == null) {
                checkDeadline(context.budget().deadlineNanos(), System.nanoTime());
            }
            quiet = event == null ? quiet + 1 : 0;
            if (event instanceof Event.Piece piece) {
                write(writer, out, piece);
            } else if (event instanceof Event.End end) {
                if (end.failure() != null) {
                    throw unchecked(end.failure());
                }
                ChatResponse response = streams.get(end.index()).response();
                context.record(response);
                writer.endAnswer(out, end.index(), response);
                ended.add(response);
            } else if (quiet % QUIET_POLLS == 0) {
                out.keepAlive();
            }
            if (events.isEmpty()) {
                out.flush();
            }
        }
        return ended;
    }

    private static void write(StreamWriter writer, EventStream out, Event.Piece event) {
        if (event.piece().thinking()) {
            writer.thinking(out, event.index(), event.piece().text());
        } else {
            writer.text(out, event.index(), event.piece().text());
        }
    }

    /** Ends a stream that the model failed to end by the deadline plus a grace period. */
    static void checkDeadline(OptionalLong deadline, long now) {
        if (deadline.isPresent() && now - deadline.getAsLong() > GRACE_NANOS) {
            throw ApiException.unavailable("timeout", "the request timed out, and its answer did not end");
        }
    }

    /** Applies the limit of parallel answers to streams too, where each answer is a request of its own. */
    private void checkAnswers(ChatRequest request) {
        int answers = request.generation().answers();
        if (answers > model.maxConcurrent()) {
            throw ApiException.invalid(
                    "n",
                    "n must be at most " + model.maxConcurrent()
                            + ", the answers that this server computes in parallel: " + answers);
        }
    }

    /** One request per answer, as a model's stream has a single text, each with the seed that a joint request would give it. */
    private static List<ChatRequest> single(ChatRequest request, RequestContext context) {
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
                    .budget(context.sameTime())
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

    /** A subscriber that queues the events of one stream. */
    private record Reader(int index, BlockingQueue<Event> events) implements Flow.Subscriber<ChatResponse.Piece> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(ChatResponse.Piece piece) {
            events.add(new Event.Piece(index, piece));
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
