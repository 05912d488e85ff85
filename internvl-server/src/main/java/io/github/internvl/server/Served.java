package io.github.internvl.server;

import io.github.internvl.InternVL;
import io.github.internvl.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.time.Instant;

/** The model that is served, with its name and its tokenizer. Thread-safe; closing it leaves the model open. */
final class Served implements AutoCloseable {
    private final InternVL model;
    private final String name;
    private final Tokenizer tokenizer;
    private final long since = Instant.now().getEpochSecond();

    Served(InternVL model, ServerOptions options) {
        this.model = model;
        this.name = options.modelName().orElse(model.info().name());
        this.tokenizer = Tokenizer.load(Path.of(model.info().source()));
    }

    InternVL model() {
        return model;
    }

    /** Its name for clients. */
    String name() {
        return name;
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    /** When it began to be served, in seconds since 1970. */
    long since() {
        return since;
    }

    /** Refuses a request for another model; one that names none is for this. */
    void checkName(Fields body) {
        String wanted = body.string("model");
        if (wanted != null && !wanted.equals(name)) {
            throw Refusal.noSuchModel(wanted, name);
        }
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
