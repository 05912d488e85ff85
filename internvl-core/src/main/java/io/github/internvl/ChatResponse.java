package io.github.internvl;

import java.awt.Rectangle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An answer. Immutable.
 *
 * @param text the answer, without special tokens, stripped of white space at both ends unless it has a format
 * @param thinking what the model wrote before the answer, where the request {@linkplain ChatRequest.Builder#thinking has it
 *     apart}; else empty. An answer that ends while it thinks has no text
 * @param finishReason why it ended
 * @param usage tokens counted
 * @param timings where the time went
 * @param history the rounds up to and including this one, to be given to the next request
 * @param tokens the tokens of the answer with their log probabilities, where the request asks for them; else empty
 * @param ids the token ids of the answer as they were generated, the end token included
 * @param alternatives the other answers, where the request asks for several, without alternatives of their own
 */
public record ChatResponse(
        String text,
        String thinking,
        FinishReason finishReason,
        Usage usage,
        Timings timings,
        List<ChatRequest.Turn> history,
        List<TokenScore> tokens,
        List<Integer> ids,
        List<ChatResponse> alternatives) {

    /**
     * A piece of an answer that is generated.
     *
     * @param text one or more whole characters
     * @param thinking whether they belong to {@link ChatResponse#thinking}, and not to {@link ChatResponse#text}
     */
    public record Piece(String text, boolean thinking) {}

    /** Why an answer ended. */
    public enum FinishReason {
        /** The model ended it, a stop text or token came, or the token listener returned false. */
        STOP,
        /** It reached {@code maxNewTokens} or the model's context length. */
        LENGTH,
        /** It repeated itself, by the rule of {@link GenerationConfig.Builder#stopLoops}. */
        LOOP,
        /** Its stream was closed before the end. */
        CANCELLED,
        /** The time limit was reached: {@link ChatRequest.Builder#timeout}. */
        TIMEOUT
    }

    /**
     * Tokens of a request.
     *
     * @param promptTokens all tokens of the prompt, visual tokens included
     * @param visualTokens those of them that stand for pictures
     * @param generatedTokens tokens of the answer, its end token included
     * @param cachedTokens those of the prompt that did not have to be computed, since another prompt began with them
     * @param cachedTiles tiles that did not have to be encoded, since they or their visual tokens were there already
     * @param draftedTokens tokens of the answer that were drafted: {@link GenerationConfig.Builder#promptLookup}
     * @param acceptedTokens those of them that were right, and so cost no step of their own
     */
    public record Usage(
            int promptTokens,
            int visualTokens,
            int generatedTokens,
            int cachedTokens,
            int cachedTiles,
            int draftedTokens,
            int acceptedTokens) {}

    /**
     * The time spent in each phase of a request. Steps are shared with other requests, so the times of concurrent requests overlap.
     *
     * @param preprocess tiling the pictures and making the prompt, on the caller's thread
     * @param queued waiting for a slot
     * @param vision encoding the tiles
     * @param prefill computing the prompt, up to the first token
     * @param decode all tokens after the first
     */
    public record Timings(Duration preprocess, Duration queued, Duration vision, Duration prefill, Duration decode) {}

    /**
     * A token with the probability that the model gave it, before all settings.
     *
     * @param id the token
     * @param text what it is alone; U+FFFD where it is a part of a character
     * @param logprob the natural logarithm of its probability
     * @param best the most probable tokens in its place, best first, without tokens of their own
     */
    public record TokenScore(int id, String text, double logprob, List<TokenScore> best) {
        /** Copies the list. */
        public TokenScore {
            best = List.copyOf(best);
        }
    }

    /** Copies the lists. */
    public ChatResponse {
        history = List.copyOf(history);
        tokens = List.copyOf(tokens);
        ids = List.copyOf(ids);
        alternatives = List.copyOf(alternatives);
    }

    /**
     * The boxes that the text holds, in their order, as a grounding question gets them ({@code Please provide the bounding
     * box coordinate of the region this sentence describes: <ref>a dog</ref>}).
     *
     * <p>A box is four whole numbers of 0 to 1000 in a list of such, {@code a dog[[100, 250, 400, 900]]} or {@code
     * dogs[[…], […]]}, with the tags {@code <ref>} and {@code <box>} or without them, as special tokens are left out of the
     * text. Its label is the words between the {@code <ref>} tags; without tags those of its sentence before the list,
     * back to the list before; and where there are none, the label of the list before. All else is passed over: numbers out
     * of range, a right or bottom edge before its left or top one, and a box that the end of the answer cuts off.
     */
    public List<Box> boxes() {
        return Box.in(text);
    }

    /**
     * The calls of tools that the text asks for, in their order: JSON objects with a name and arguments between {@link
     * Tool.Call#START} and {@link Tool.Call#END}. All else is passed over. The results go into the next question: {@link
     * ChatRequest.Builder#toolResults}.
     */
    public List<Tool.Call> toolCalls() {
        return Tool.Call.in(text);
    }

    /**
     * A place in a picture that an answer names, in thousandths of the picture's width and height. Tiling does not matter.
     * {@link ChatResponse#boxes} reads it from an answer. Immutable.
     *
     * @param label the text that the answer gives the place; empty for none
     * @param x1 left edge, 0 to 1000
     * @param y1 top edge, 0 to 1000
     * @param x2 right edge, {@code x1} to 1000
     * @param y2 bottom edge, {@code y1} to 1000
     */
    public record Box(String label, int x1, int y1, int x2, int y2) {
        private static final int WHOLE = 1000;

        private static final String REF = "<ref>";
        private static final String END_REF = "</ref>";

        /** A list of lists, as far as it goes: an answer may be cut off. */
        private static final Pattern LIST =
                Pattern.compile("\\[\\s*\\[[^\\[\\]]*](?:\\s*,\\s*\\[[^\\[\\]]*])*+(?:\\s*])?");

        private static final Pattern BOX =
                Pattern.compile("\\[\\s*(\\d{1,4})\\s*,\\s*(\\d{1,4})\\s*,\\s*(\\d{1,4})\\s*,\\s*(\\d{1,4})\\s*]");
        private static final Pattern TAG = Pattern.compile("</?(?:ref|box)>");
        private static final Pattern SENTENCE_END = Pattern.compile("[.!?:]\\s|[。！？：\\n]");
        private static final Pattern AROUND = Pattern.compile("^[\\s,;.:!?*•。，、；：-]+|[\\s,;:*，；：]+$");

        /**
         * Checks the edges.
         *
         * @throws IllegalArgumentException if they are out of order or of range
         */
        public Box {
            if (!isOrdered(x1, x2) || !isOrdered(y1, y2)) {
                throw new IllegalArgumentException("a box must have 0 <= x1 <= x2 <= 1000 and 0 <= y1 <= y2 <= 1000: ["
                        + x1 + ", " + y1 + ", " + x2 + ", " + y2 + "]");
            }
        }

        /**
         * The smallest rectangle of whole pixels that covers the box in a picture of this size: inside the picture, and at least one
         * pixel wide and high.
         */
        public Rectangle toPixels(int width, int height) {
            if (width < 1 || height < 1) {
                throw new IllegalArgumentException("width and height must be positive: " + width + " x " + height);
            }
            int left = first(x1, width);
            int top = first(y1, height);
            return new Rectangle(left, top, end(x2, width, left) - left, end(y2, height, top) - top);
        }

        private static boolean isOrdered(int from, int to) {
            return 0 <= from && from <= to && to <= WHOLE;
        }

        private static int first(int edge, int size) {
            return Math.min((int) ((long) edge * size / WHOLE), size - 1);
        }

        private static int end(int edge, int size, int first) {
            return Math.max((int) (((long) edge * size + WHOLE - 1) / WHOLE), first + 1);
        }

        /**
         * The boxes in the text of an answer, in their order; other text is ignored. The model writes {@code
         * <ref>label</ref><box>[[x1, y1, x2, y2], …]</box>}; the four tags are special tokens, which the text of an answer is without.
         */
        static List<Box> in(String text) {
            List<Box> boxes = new ArrayList<>();
            Matcher lists = LIST.matcher(text);
            String label = "";
            int from = 0;
            while (lists.find()) {
                String own = label(text.substring(from, lists.start()));
                label = own.isEmpty() ? label : own;
                for (MatchResult found : BOX.matcher(lists.group()).results().toList()) {
                    addTo(boxes, label, found);
                }
                from = lists.end();
            }
            return List.copyOf(boxes);
        }

        private static void addTo(List<Box> boxes, String label, MatchResult found) {
            int[] edges = new int[4];
            for (int i = 0; i < edges.length; i++) {
                edges[i] = Integer.parseInt(found.group(i + 1));
            }
            if (isOrdered(edges[0], edges[2]) && isOrdered(edges[1], edges[3])) {
                boxes.add(new Box(label, edges[0], edges[1], edges[2], edges[3]));
            }
        }

        /** The tagged words before a list, else those of its sentence. */
        private static String label(String before) {
            int start = before.lastIndexOf(REF);
            int end = before.lastIndexOf(END_REF);
            if (start >= 0 && start < end) {
                return before.substring(start + REF.length(), end).strip();
            }
            String words = trim(TAG.matcher(before).replaceAll(""));
            int sentence = SENTENCE_END
                    .matcher(words)
                    .results()
                    .mapToInt(MatchResult::end)
                    .reduce(0, (first, last) -> last);
            return trim(words.substring(sentence));
        }

        private static String trim(String words) {
            return AROUND.matcher(words).replaceAll("");
        }
    }
}
