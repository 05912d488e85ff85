package io.github.internvl.tests.conformance;

import io.github.internvl.internal.engine.Engine;
import io.github.internvl.internal.engine.Generation;
import io.github.internvl.internal.engine.PreparedRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An answer that an engine is working on. */
final class PendingAnswer implements Generation.Listener {
    private final CompletableFuture<Generation> end = new CompletableFuture<>();
    private final @Nullable StringBuilder pieces; // none with beams

    private PendingAnswer(boolean inPieces) {
        this.pieces = inPieces ? new StringBuilder() : null;
    }

    static PendingAnswer submit(Engine engine, PreparedRequest request) {
        PendingAnswer answer = new PendingAnswer(request.config().beamSearch().beams() == 1);
        engine.submit(request, answer);
        return answer;
    }

    @Override
    public void onText(String text) {
        if (pieces == null) {
            throw new AssertionError("beams have no pieces of text: " + text);
        }
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
    Generation.Output get() {
        Generation.Output answer = end.orTimeout(5, TimeUnit.MINUTES).join().first();
        if (pieces != null && !pieces.toString().equals(answer.text())) {
            throw new AssertionError("the pieces must give the text: \"" + pieces + "\" and \"" + answer.text() + "\"");
        }
        return answer;
    }
}
