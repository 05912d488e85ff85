package io.github.internvl.server.openai;

import io.github.internvl.InternVL;
import io.github.internvl.server.http.ApiException;
import io.github.internvl.server.http.JsonFields;
import java.time.Instant;
import java.util.Optional;

/**
 * The model that a server offers.
 *
 * @param name the name that clients use
 * @param since the start of service, in seconds since 1970
 */
public record ServedModel(InternVL model, String name, long since) {
    /** A model under a name, by default the checkpoint's own. */
    public static ServedModel of(InternVL model, Optional<String> name) {
        return new ServedModel(
                model, name.orElse(model.info().name()), Instant.now().getEpochSecond());
    }

    /** Rejects a request that names another model; naming none is allowed. */
    void checkName(JsonFields body) {
        String wanted = body.string("model");
        if (wanted != null && !wanted.equals(name)) {
            throw ApiException.modelNotFound(wanted, name);
        }
    }
}
