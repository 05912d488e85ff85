package io.github.internvl.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Encodes a long text in parts, which several threads share, with the ids of the whole.
 *
 * <p>Qwen2.5's tokenizer splits text by a regular expression before it merges, and looks at each piece alone. No alternative of
 * that expression matches a letter and a space after it, so a piece ends between the two whatever stands around them; and with a
 * letter after the space, a piece begins there too. That is where a text is cut. NFC changes nothing across an ASCII space.
 */
final class LongText {
    /** The expression for which this holds. */
    static final String WORDS =
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    /** Fewest characters of a part. */
    static final int PART = 1 << 15;

    private LongText() {}

    /** Whether added tokens leave the text between them alone: one with a space in it could lie across a cut. */
    static boolean canBeCut(List<AddedToken> added) {
        return added.stream().noneMatch(token -> token.content().indexOf(' ') >= 0);
    }

    /**
     * Encodes a text.
     *
     * @param fewest fewest characters of a part
     * @param beforePart called before each part, on the thread that encodes it; what it throws ends the whole
     */
    static int[] encode(
            NativeTokenizer encoder, String text, boolean addSpecialTokens, int fewest, Runnable beforePart) {
        List<String> parts = parts(text, fewest);
        if (parts.size() == 1) {
            beforePart.run();
            return encoder.encode(text, addSpecialTokens);
        }
        int[][] ids = new int[parts.size()][];
        IntStream.range(0, ids.length).parallel().forEach(part -> {
            beforePart.run();
            ids[part] = encoder.encode(parts.get(part), addSpecialTokens && part == 0);
        });
        return Arrays.stream(ids).flatMapToInt(Arrays::stream).toArray();
    }

    private static List<String> parts(String text, int fewest) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int to = fewest; to + 1 < text.length(); to++) {
            if (text.charAt(to) == ' ' && isLetter(text.charAt(to - 1)) && isLetter(text.charAt(to + 1))) {
                parts.add(text.substring(from, to));
                from = to;
                to += fewest;
            }
        }
        parts.add(text.substring(from));
        return parts;
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
}
