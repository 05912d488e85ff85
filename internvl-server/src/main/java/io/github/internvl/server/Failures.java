package io.github.internvl.server;

import io.github.internvl.BudgetExceededException;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.ModelMemoryException;
import io.github.internvl.QueueFullException;
import io.github.internvl.RequestBudget;
import io.javalin.http.HttpResponseException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/** The response of the server to a failure. Thread-safe. */
final class Failures {
    private static final Duration SOON = Duration.ofSeconds(1);

    private final InternVL model;

    Failures(InternVL model) {
        this.model = model;
    }

    /** Refuses all requests once the engine has ended by itself. */
    void refuseAfterEngine() {
        Optional<Refusal> stopped = stopped();
        if (stopped.isPresent()) {
            throw stopped.get();
        }
    }

    private Optional<Refusal> stopped() {
        return model.stats()
                .failure()
                .map(reason -> Refusal.unavailable(
                        "engine_stopped", "the engine stopped: " + reason + "; restart the server"));
    }

    /** The refusal that a failure comes down to. */
    Refusal refusal(Throwable failure, String requestId) {
        if (failure instanceof Refusal refusal) {
            return refusal;
        }
        if (failure instanceof BudgetExceededException exceeded) {
            return exceeded(exceeded);
        }
        if (failure instanceof InvalidRequestException) {
            return Refusal.wrong(null, String.valueOf(failure.getMessage()));
        }
        if (failure instanceof QueueFullException) {
            return Refusal.tooMuch("server_busy", String.valueOf(failure.getMessage()), SOON);
        }
        if (failure instanceof InternVLException) {
            return stopped().orElseGet(() -> ofModel(failure, requestId));
        }
        if (failure instanceof OutOfMemoryError) {
            return Refusal.unavailable(
                    "out_of_memory", "the server has no memory left for this request; send less at once");
        }
        if (failure instanceof HttpResponseException known && known.getStatus() < 500) {
            return Refusal.status(known.getStatus(), "not_found", reason(known));
        }
        return Refusal.failed(requestId);
    }

    private static Refusal ofModel(Throwable failure, String requestId) {
        if (failure instanceof ModelMemoryException) {
            return Refusal.unavailable(
                    "out_of_memory", "the model has no memory left for this request; ask for less at once");
        }
        if (failure.getCause() instanceof TimeoutException) {
            return Refusal.unavailable("timeout", String.valueOf(failure.getMessage()));
        }
        return Refusal.failed(requestId);
    }

    private static Refusal exceeded(BudgetExceededException exceeded) {
        String message = String.valueOf(exceeded.getMessage());
        return exceeded.work()
                .map(work -> work == RequestBudget.Work.FORMAT_STEPS
                        ? Refusal.status(400, "format_too_large", message)
                        : Refusal.status(413, "request_too_large", message))
                .orElseGet(() -> Refusal.status(408, "timeout", message));
    }

    private static String reason(HttpResponseException known) {
        return switch (known.getStatus()) {
            case 404 -> "there is no such route; see /v1/models, /v1/chat/completions";
            case 405 -> "the route does not take this method";
            default -> String.valueOf(known.getMessage()).toLowerCase(Locale.ROOT);
        };
    }
}
