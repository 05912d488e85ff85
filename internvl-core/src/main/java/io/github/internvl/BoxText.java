package io.github.internvl;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Boxes in the text of an answer. The model writes {@code <ref>label</ref><box>[[x1, y1, x2, y2], …]</box>}; the four
 * tags are special tokens, which the text of an answer is without.
 */
final class BoxText {
    private static final String REF = "<ref>";
    private static final String END_REF = "</ref>";

    /** A list of lists, as far as it goes: an answer may be cut off. */
    private static final Pattern LIST = Pattern.compile("\\[\\s*\\[[^\\[\\]]*](?:\\s*,\\s*\\[[^\\[\\]]*])*+(?:\\s*])?");

    private static final Pattern BOX =
            Pattern.compile("\\[\\s*(\\d{1,4})\\s*,\\s*(\\d{1,4})\\s*,\\s*(\\d{1,4})\\s*,\\s*(\\d{1,4})\\s*]");
    private static final Pattern TAG = Pattern.compile("</?(?:ref|box)>");
    private static final Pattern SENTENCE_END = Pattern.compile("[.!?:]\\s|[。！？：\\n]");
    private static final Pattern AROUND = Pattern.compile("^[\\s,;.:!?*•。，、；：-]+|[\\s,;:*，；：]+$");

    private BoxText() {}

    /** All boxes in their order; what is no box is passed over. */
    static List<Box> boxes(String text) {
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
        if (Box.isOrdered(edges[0], edges[2]) && Box.isOrdered(edges[1], edges[3])) {
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
        int sentence =
                SENTENCE_END.matcher(words).results().mapToInt(MatchResult::end).reduce(0, (first, last) -> last);
        return trim(words.substring(sentence));
    }

    private static String trim(String words) {
        return AROUND.matcher(words).replaceAll("");
    }
}
