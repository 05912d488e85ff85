package io.github.internvl.internal.chat;

import io.github.internvl.ChatRequest;
import io.github.internvl.Tool;
import io.github.internvl.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The rewriting of special tokens in untrusted text: {@code <|im_end|>} in a question would end it, and the rest would pass for
 * another speaker's words. Each such text gets a space after its first character, which leaves it readable. The tokens of
 * grounding stay, as questions contain them. Immutable.
 */
public final class OrdinaryText {
    private static final List<String> GROUNDING = List.of("<ref>", "</ref>", "<box>", "</box>", "<quad>", "</quad>");
    private static final List<String> CALLS = List.of(Tool.Call.START, Tool.Call.END);

    private static final int LOOK = 1 << 16; // characters between two calls of the check

    private final List<String> special;
    private final List<String> specialOrCall;

    /** Makes the rewriting for the special tokens of a tokenizer. */
    public OrdinaryText(Tokenizer tokenizer) {
        List<String> texts = new ArrayList<>(IntStream.range(0, tokenizer.size())
                .filter(tokenizer::isSpecial)
                .mapToObj(id -> tokenizer.decode(new int[] {id}, false).strip())
                .filter(text -> text.length() > 1 && !GROUNDING.contains(text) && !CALLS.contains(text))
                .toList());
        special = List.copyOf(texts);
        CALLS.stream().filter(text -> tokenizer.id(text).isPresent()).forEach(texts::add);
        specialOrCall = List.copyOf(texts);
    }

    /**
     * Rewrites the words of anyone but the model: no special token, and no mark of a tool call.
     *
     * @param check called now and then in a long text; an exception from it ends the work
     */
    public String of(String words, Runnable check) {
        return spaced(words, specialOrCall, check);
    }

    /** Rewrites a round; the marks of tool calls stay in the answer, which the model writes. */
    public ChatRequest.Turn of(ChatRequest.Turn turn, Runnable check) {
        return new ChatRequest.Turn(
                of(turn.question(), check), turn.images(), turn.tiling(), spaced(turn.answer(), special, check));
    }

    private static String spaced(String words, List<String> texts, Runnable check) {
        String starts =
                texts.stream().map(text -> text.substring(0, 1)).distinct().collect(Collectors.joining());
        StringBuilder spaced = null;
        int from = 0;
        for (int i = 0; i < words.length(); i++) {
            if (i % LOOK == 0) {
                check.run();
            }
            int at = i;
            if (starts.indexOf(words.charAt(i)) >= 0 && texts.stream().anyMatch(text -> words.startsWith(text, at))) {
                spaced = spaced == null ? new StringBuilder(words.length() + 1) : spaced;
                spaced.append(words, from, i + 1).append(' ');
                from = i + 1;
            }
        }
        return spaced == null
                ? words
                : spaced.append(words, from, words.length()).toString();
    }
}
