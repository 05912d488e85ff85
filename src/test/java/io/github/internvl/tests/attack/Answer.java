package io.github.internvl.tests.attack;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.net.http.HttpHeaders;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A server's answer. */
record Answer(int status, HttpHeaders headers, String body) {
    private static final Set<String> ERROR = Set.of("message", "type", "param", "code");
    private static final int SHOWN = 300;

    boolean isOk() {
        return status == 200;
    }

    /** Whether the server said that it is busy, and for how long. */
    boolean isBusy() {
        return (status == 429 || status == 503)
                && headers.firstValue("retry-after").isPresent();
    }

    boolean isStream() {
        return headers.firstValue("content-type").orElse("").startsWith("text/event-stream");
    }

    JsonObject json() {
        return JsonParser.parseString(body).getAsJsonObject();
    }

    /** The fault in the answer's form, whatever was asked; null without one. */
    @Nullable
    String flaw() {
        if (status >= 500 && !isBusy()) {
            return "status " + status + ": " + shown();
        }
        if (status < 200) {
            return "status " + status;
        }
        try {
            return isStream() ? streamFlaw() : errorFlaw();
        } catch (JsonParseException | IllegalStateException | UnsupportedOperationException e) {
            return "malformed, " + e.getMessage() + ": " + shown();
        }
    }

    private @Nullable String errorFlaw() {
        JsonElement parsed = JsonParser.parseString(body);
        if (status < 400) {
            return parsed.isJsonObject() ? null : "no JSON object: " + shown();
        }
        return isError(parsed.getAsJsonObject()) ? null : "no error object: " + shown();
    }

    private static boolean isError(JsonObject answer) {
        return answer.get("error") instanceof JsonObject error
                && error.keySet().containsAll(ERROR)
                && !error.get("message").getAsString().isEmpty();
    }

    private @Nullable String streamFlaw() {
        List<String> lines = body.lines().filter(line -> !line.isEmpty()).toList();
        boolean failed = false;
        for (String line : lines) {
            if (line.startsWith("data: {")) {
                JsonObject event = JsonParser.parseString(line.substring("data: ".length()))
                        .getAsJsonObject();
                failed |= isFailure(event);
                if (failed && event.toString().contains("internal_error")) {
                    return "a failure of the server in a stream: " + line;
                }
            } else if (!line.startsWith(":") && !line.startsWith("event: ") && !line.equals("data: [DONE]")) {
                return "a line that is no event: " + line;
            }
        }
        boolean done = !lines.isEmpty() && lines.get(lines.size() - 1).equals("data: [DONE]");
        return done || failed ? null : "a stream without an end: " + shown();
    }

    private static boolean isFailure(JsonObject event) {
        JsonElement type = event.get("type");
        return isError(event)
                || (type != null && List.of("error", "response.failed").contains(type.getAsString()));
    }

    /** The answer, short. */
    String shown() {
        return status + " " + (body.length() > SHOWN ? body.substring(0, SHOWN) + "…" : body);
    }
}
