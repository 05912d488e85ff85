package io.github.internvl.server;

import com.google.gson.JsonObject;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A request that is not answered, as its client gets to know it: OpenAI's error object with a status. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final String INVALID = "invalid_request_error";

    private final int status;
    private final String type;
    private final @Nullable String param;
    private final @Nullable String code;
    private final @Nullable Duration retryAfter;

    private Refusal(
            int status,
            String type,
            String message,
            @Nullable String param,
            @Nullable String code,
            @Nullable Duration retryAfter) {
        super(message, null, false, false); // its place in the program says nothing
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
        this.retryAfter = retryAfter;
    }

    /** The request is wrong, in one of its fields if it is known which. */
    static Refusal wrong(@Nullable String param, String message) {
        return new Refusal(400, INVALID, message, param, null, null);
    }

    /** The request asks for something that is not offered. */
    static Refusal unsupported(String param, String message) {
        return new Refusal(400, INVALID, message, param, "unsupported_parameter", null);
    }

    /** The request is wrong in a way that has a status of its own. */
    static Refusal status(int status, String code, String message) {
        return new Refusal(status, INVALID, message, null, code, null);
    }

    static Refusal unknownKey(String message) {
        return new Refusal(401, "authentication_error", message, null, "invalid_api_key", null);
    }

    static Refusal noSuchModel(String name, String served) {
        return new Refusal(
                404,
                INVALID,
                "the model " + Text.quote(name) + " does not exist; this server has " + served,
                "model",
                "model_not_found",
                null);
    }

    /** Too much at once; later it may go. */
    static Refusal tooMuch(String code, String message, Duration retryAfter) {
        return new Refusal(429, "rate_limit_error", message, null, code, retryAfter);
    }

    /** The server cannot answer for now. */
    static Refusal unavailable(String code, String message) {
        return new Refusal(503, "server_error", message, null, code, Duration.ofSeconds(5));
    }

    static Refusal failed(String requestId) {
        String message = "the request failed inside the server; its log says why, with the request id " + requestId;
        return new Refusal(500, "server_error", message, null, "internal_error", null);
    }

    int status() {
        return status;
    }

    @Nullable
    Duration retryAfter() {
        return retryAfter;
    }

    JsonObject body() {
        JsonObject error = new JsonObject();
        error.addProperty("message", getMessage());
        error.addProperty("type", type);
        error.addProperty("param", param);
        error.addProperty("code", code);
        JsonObject body = new JsonObject();
        body.add("error", error);
        return body;
    }
}
