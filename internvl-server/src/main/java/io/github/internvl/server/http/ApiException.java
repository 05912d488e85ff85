package io.github.internvl.server.http;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A rejected request: an HTTP status with OpenAI's error object. */
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final String INVALID = "invalid_request_error";
    private static final int LONGEST_QUOTE = 60;

    private final int status;
    private final String type;
    private final @Nullable String param;
    private final @Nullable String code;
    private final @Nullable Duration retryAfter;

    /** The body of an error response. */
    public record Body(Details error) {}

    /** OpenAI's error object. */
    public record Details(
            String message,
            String type,
            @Nullable String param,
            @Nullable String code) {}

    private ApiException(
            int status,
            String type,
            String message,
            @Nullable String param,
            @Nullable String code,
            @Nullable Duration retryAfter) {
        super(message, null, false, false); // a rejected request needs no stack trace
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
        this.retryAfter = retryAfter;
    }

    /** Status 400 for an invalid field, or for the whole body if {@code param} is null. */
    public static ApiException invalid(@Nullable String param, String message) {
        return new ApiException(400, INVALID, message, param, null, null);
    }

    /** Status 400 for a field that the protocol has and this server does not support. */
    public static ApiException unsupported(String param, String message) {
        return new ApiException(400, INVALID, message, param, "unsupported_parameter", null);
    }

    /** A client error with a status of its own. */
    public static ApiException status(int status, String code, String message) {
        return new ApiException(status, INVALID, message, null, code, null);
    }

    static ApiException unauthorized(String message) {
        return new ApiException(401, "authentication_error", message, null, "invalid_api_key", null);
    }

    /** Status 404 for a model that this server does not have. */
    public static ApiException modelNotFound(String name, String served) {
        String message = "the model " + quote(name) + " does not exist; this server has " + served;
        return new ApiException(404, INVALID, message, "model", "model_not_found", null);
    }

    static ApiException tooManyRequests(String code, String message, Duration retryAfter) {
        return new ApiException(429, "rate_limit_error", message, null, code, retryAfter);
    }

    /** Status 503: the server cannot answer at present. */
    public static ApiException unavailable(String code, String message) {
        return new ApiException(503, "server_error", message, null, code, Duration.ofSeconds(5));
    }

    static ApiException internal(String requestId) {
        String message = "the request failed inside the server; the cause is in its log under request id " + requestId;
        return new ApiException(500, "server_error", message, null, "internal_error", null);
    }

    /** A client's input, shortened and without control characters, for use in a message. */
    static String quote(String sent) {
        String start = sent.length() <= LONGEST_QUOTE ? sent : sent.substring(0, LONGEST_QUOTE) + "…";
        return "'" + start.replaceAll("\\p{Cntrl}", "?") + "'";
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }

    /** The value of {@code Retry-After}; null if a retry does not help. */
    @Nullable
    public Duration retryAfter() {
        return retryAfter;
    }

    /** The response body. */
    public Body body() {
        return new Body(new Details(String.valueOf(getMessage()), type, param, code));
    }
}
