package io.github.internvl.server;

import io.github.internvl.InternVL;
import io.github.internvl.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.stream.IntStream;

/** The model that is served, and what a server knows of it. Thread-safe; whoever makes it closes it, the model apart. */
final class Served implements AutoCloseable {
    private static final int SPECIAL_BYTES = 32; // <|endofprompt|> and the like; the longest ordinary ones are longer

    private final InternVL model;
    private final String name;
    private final Tokenizer tokenizer;
    private final long mostBytes;
    private final long since = Instant.now().getEpochSecond();

    Served(InternVL model, ServerOptions options) {
        this.model = model;
        this.name = options.modelName().orElse(model.info().name());
        this.tokenizer = Tokenizer.load(Path.of(model.info().source()));
        this.mostBytes = (long) model.contextLength() * longest(tokenizer);
    }

    InternVL model() {
        return model;
    }

    /** What clients call it. */
    String name() {
        return name;
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    /** Bytes of the longest text that can fit into the context: as many of the longest token as that has room for. */
    long mostBytes() {
        return mostBytes;
    }

    private static int longest(Tokenizer tokenizer) {
        return IntStream.range(0, tokenizer.size())
                .map(id -> Math.max(tokenizer.bytes(id).length, tokenizer.isSpecial(id) ? SPECIAL_BYTES : 0))
                .max()
                .orElse(1);
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
