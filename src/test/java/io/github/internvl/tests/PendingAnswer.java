package io.github.internvl.tests;

import io.github.internvl.internal.generate.Engine;
import io.github.internvl.internal.generate.Generation;
import io.github.internvl.internal.generate.GenerationRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** An answer that an engine is working on. */
final class PendingAnswer implements Generation.Listener {
    private final CompletableFuture<Generation> end = new CompletableFuture<>();
    private final StringBuilder pieces = new StringBuilder();

    private PendingAnswer() {}

    static PendingAnswer submit(Engine engine, GenerationRequest request) {
        PendingAnswer answer = new PendingAnswer();
        engine.submit(request, answer);
        return answer;
    }

    @Override
    public void onText(String text) {
        pieces.append(text);
    }

    @Override
    public void onEnd(Generation generation) {
        end.complete(generation);
    }

    @Override
    public void onFailure(RuntimeException failure) {
        end.completeExceptionally(failure);
    }

    /** Waits for the answer; throws what made it fail, as the cause of a CompletionException. */
    Generation get() {
        Generation generation = end.orTimeout(5, TimeUnit.MINUTES).join();
        if (!pieces.toString().equals(generation.text())) {
            throw new AssertionError(
                    "the pieces must give the text: \"" + pieces + "\" and \"" + generation.text() + "\"");
        }
        return generation;
    }
}
