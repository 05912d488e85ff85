package io.github.internvl.tests.conformance;

import io.github.internvl.internal.engine.Engine;
import io.github.internvl.internal.engine.Generation;
import java.util.List;
import java.util.stream.Stream;

/** A variant with an engine that answers its cases, beneath the fluent API. */
record EngineSubject(Subject subject, Engine engine) implements AutoCloseable {
    private static final int CONTEXT = 32_768;

    /** Loads a variant for an engine of some slots, with so many tokens of a step and tiles between steps. */
    static EngineSubject load(GoldenVariant variant, int slots, int chunkTokens, int tilesPerStep) {
        Subject subject = Subject.load(variant);
        Engine.Limits limits = new Engine.Limits(slots, CONTEXT, chunkTokens, tilesPerStep);
        return new EngineSubject(subject, new Engine(subject.handedOver(), subject.tokenizer(), limits));
    }

    /** An answer to a round that the engine is working on. */
    record Asked(GoldenCase.Round round, PendingAnswer answer) {
        Generation.Output get() {
            return answer.get();
        }
    }

    /** Asks a round. */
    Asked ask(GoldenCase.Round round) {
        GoldenCase golden = round.golden();
        return new Asked(round, PendingAnswer.submit(engine, subject.request(golden, subject.prompt(round))));
    }

    /** Asks all rounds of some cases at once. */
    List<Asked> ask(Stream<GoldenCase> cases) {
        return cases.flatMap(golden -> golden.rounds().stream()).map(this::ask).toList();
    }

    @Override
    public void close() {
        engine.close();
        subject.close();
    }
}
