package io.github.internvl.internal.chat;

import io.github.internvl.InvalidRequestException;
import io.github.internvl.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The tokens around thinking that comes before a format. The format holds from the token that ends thinking, and the text of the
 * answer is divided at the first mark; so that these are the same place, no other token may complete the mark. Immutable.
 */
final class ThinkingMarks {
    private final Tokenizer tokenizer;
    private final int start;
    private final int end;
    private final Set<Integer> ends;
    // At n: tokens that complete the end mark after its first n characters.
    private final List<List<Integer>> completing = new ArrayList<>();

    /**
     * The marks of a model.
     *
     * @param ends tokens that end an answer, which thinking must not
     * @throws InvalidRequestException if the tokenizer has no such tokens
     */
    ThinkingMarks(Tokenizer tokenizer, Set<Integer> ends) {
        this.tokenizer = tokenizer;
        this.start = id(tokenizer, ThinkingText.START);
        this.end = id(tokenizer, ThinkingText.END);
        this.ends = ends;
        IntStream.range(0, ThinkingText.END.length()).forEach(known -> completing.add(new ArrayList<>()));
        IntStream.range(0, tokenizer.size()).filter(id -> id != end).forEach(this::index);
    }

    private void index(int id) {
        String text = latin(id);
        for (int known = 0; known < ThinkingText.END.length(); known++) {
            if (known == 0 ? text.contains(ThinkingText.END) : text.startsWith(ThinkingText.END.substring(known))) {
                completing.get(known).add(id);
            }
        }
    }

    private static int id(Tokenizer tokenizer, String mark) {
        return tokenizer
                .id(mark)
                .orElseThrow(() -> new InvalidRequestException("thinking before a format needs the token " + mark
                        + ", which the model does not have; leave out thinking or the format"));
    }

    /** Refuses thinking of a tokenizer that has a mark as a special token: it is missing from the text that is divided there. */
    static void refuseInvisible(Tokenizer tokenizer) {
        for (String mark : List.of(ThinkingText.START, ThinkingText.END)) {
            OptionalInt id = tokenizer.id(mark);
            if (id.isPresent() && tokenizer.bytes(id.getAsInt()).length == 0) {
                throw new InvalidRequestException("thinking needs marks that are text, and " + mark
                        + " is a special token of the model; set special to false for it in the tokenizer's files, as"
                        + " published checkpoints have it, or leave out thinking");
            }
        }
    }

    /** The token that begins thinking. */
    int start() {
        return start;
    }

    /** The place after the thinking of an answer: 0 if it has none, -1 while it lasts. */
    int after(int[] generated) {
        if (generated.length == 0 || generated[0] != start) {
            return 0;
        }
        return 1
                + IntStream.range(1, generated.length)
                        .filter(i -> generated[i] == end)
                        .findFirst()
                        .orElse(-2);
    }

    /** Forbids tokens that thinking cannot go on with: ends of the answer, and text that completes the mark of its end. */
    void holdThinking(int[] generated, float[] logits) {
        ends.forEach(id -> logits[id] = Float.NEGATIVE_INFINITY);
        String last = text(generated, ThinkingText.END.length() - 1);
        for (int known = 0; known <= last.length(); known++) {
            if (ThinkingText.END.startsWith(last.substring(last.length() - known))) {
                completing.get(known).forEach(id -> logits[id] = Float.NEGATIVE_INFINITY);
            }
        }
    }

    /** The last bytes of an answer, as Latin 1: marks are ASCII. */
    private String text(int[] generated, int most) {
        StringBuilder text = new StringBuilder();
        for (int i = generated.length - 1; i >= 0 && text.length() < most; i--) {
            text.insert(0, latin(generated[i]));
        }
        return text.substring(Math.max(0, text.length() - most));
    }

    private String latin(int id) {
        return new String(tokenizer.bytes(id), StandardCharsets.ISO_8859_1);
    }
}
