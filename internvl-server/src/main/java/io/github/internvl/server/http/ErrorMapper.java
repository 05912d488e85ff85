package io.github.internvl.server.http;

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

/** The mapping from exceptions to error responses. Thread-safe. */
public final class ErrorMapper {
    private static final Duration SOON = Duration.ofSeconds(1);

    private final InternVL model;

    /** Creates the mapping for a model's failures. */
    public ErrorMapper(InternVL model) {
        this.model = model;
    }

    /** Rejects a request if the model's engine has stopped on its own. */
    public void checkEngine() {
        Optional<ApiException> stopped = engineStopped();
        if (stopped.isPresent()) {
            throw stopped.get();
        }
    }

    private Optional<ApiException> engineStopped() {
        return model.stats()
                .failure()
                .map(reason -> ApiException.unavailable(
                        "engine_stopped", "the engine stopped: " + reason + "; restart the server"));
    }

    /** The error response for an exception. */
    public ApiException map(Throwable failure, String requestId) {
        if (failure instanceof ApiException known) {
            return known;
        }
        if (failure instanceof RequestBudget.ExceededException exceeded) {
            return budgetExceeded(exceeded);
        }
        if (failure instanceof InvalidRequestException) {
            return ApiException.invalid(null, String.valueOf(failure.getMessage()));
        }
        if (failure instanceof QueueFullException) {
            return ApiException.tooManyRequests("server_busy", String.valueOf(failure.getMessage()), SOON);
        }
        if (failure instanceof InternVLException) {
            return engineStopped().orElseGet(() -> modelFailure(failure, requestId));
        }
        if (failure instanceof OutOfMemoryError) {
            return ApiException.unavailable(
                    "out_of_memory", "the server has no memory left for this request; send less at once");
        }
        if (failure instanceof HttpResponseException known && known.getStatus() < 500) {
            return ApiException.status(known.getStatus(), "not_found", reason(known));
        }
        return ApiException.internal(requestId);
    }

    private static ApiException modelFailure(Throwable failure, String requestId) {
        if (failure instanceof ModelMemoryException) {
            return ApiException.unavailable(
                    "out_of_memory", "the model has no memory left for this request; ask for less at once");
        }
        if (failure.getCause() instanceof TimeoutException) {
            return ApiException.unavailable("timeout", String.valueOf(failure.getMessage()));
        }
        return ApiException.internal(requestId);
    }

    private static ApiException budgetExceeded(RequestBudget.ExceededException exceeded) {
        String message = String.valueOf(exceeded.getMessage());
        return exceeded.work()
                .map(work -> work == RequestBudget.Work.FORMAT_STEPS
                        ? ApiException.status(400, "format_too_large", message)
                        : ApiException.status(413, "request_too_large", message))
                .orElseGet(() -> ApiException.status(408, "timeout", message));
    }

    private static String reason(HttpResponseException known) {
        return switch (known.getStatus()) {
            case 404 -> "there is no such route; see /v1/models, /v1/chat/completions";
            case 405 -> "the route does not accept this method";
            default -> String.valueOf(known.getMessage()).toLowerCase(Locale.ROOT);
        };
    }
}
