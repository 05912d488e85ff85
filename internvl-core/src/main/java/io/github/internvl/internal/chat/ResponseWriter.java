package io.github.internvl.internal.chat;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.Piece;
import io.github.internvl.ChatResponse.Usage;
import io.github.internvl.internal.engine.Generation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The writer of the response to one request.
 *
 * @param turns the rounds of the request, the last with an empty answer
 * @param thinking whether the thinking of an answer comes apart from its text
 * @param strips whether the text is stripped of white space, as one without a format is
 */
record ResponseWriter(List<ChatRequest.Turn> turns, boolean thinking, boolean strips) {

    /** A divider of the answer while it grows. */
    ThinkingText parts() {
        return new ThinkingText(thinking, strips);
    }

    /** The response with the first answer, and the others as its alternatives. */
    ChatResponse write(Generation generation) {
        List<ChatResponse> others = new ArrayList<>();
        for (Generation.Output output :
                generation.outputs().subList(1, generation.outputs().size())) {
            others.add(write(generation, output, List.of()));
        }
        return write(generation, generation.first(), others);
    }

    private ChatResponse write(Generation generation, Generation.Output output, List<ChatResponse> others) {
        List<ChatRequest.Turn> history = new ArrayList<>(turns);
        ChatRequest.Turn last = history.remove(history.size() - 1);
        List<Piece> pieces = ThinkingText.of(output.text(), thinking, strips);
        String text = ThinkingText.joined(pieces, false);
        history.add(new ChatRequest.Turn(last.question(), last.images(), last.tiling(), text));
        return new ChatResponse(
                text,
                ThinkingText.joined(pieces, true),
                output.reason(),
                usage(generation.usage(), output.ids().length),
                generation.timings(),
                history,
                output.scores(),
                Arrays.stream(output.ids()).boxed().toList(),
                others);
    }

    /** The tokens of a request with one of its answers. */
    private static Usage usage(Usage all, int generated) {
        return all.generatedTokens() == generated
                ? all
                : new Usage(
                        all.promptTokens(),
                        all.visualTokens(),
                        generated,
                        all.cachedTokens(),
                        all.cachedTiles(),
                        all.draftedTokens(),
                        all.acceptedTokens());
    }
}
