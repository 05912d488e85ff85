package io.github.internvl;

import java.util.Arrays;

/**
 * The prompt of a request, as the model reads it: for comparisons with the reference, and for logs. Immutable.
 *
 * @see InternVL#prompt
 */
public final class Prompt {
    private final String text;
    private final int[] ids;
    private final int visualTokens;

    Prompt(String text, int[] ids, int visualTokens) {
        this.text = text;
        this.ids = ids;
        this.visualTokens = visualTokens;
    }

    /** The text that is tokenized, the chat template's words included; a picture is a run of {@code <IMG_CONTEXT>}. */
    public String text() {
        return text;
    }

    /** The token ids: a new array at each call. */
    public int[] ids() {
        return ids.clone();
    }

    /** How many of the tokens stand for pictures. */
    public int visualTokens() {
        return visualTokens;
    }

    /** Lengths alone; the text is the user's. */
    @Override
    public String toString() {
        return "Prompt[" + ids.length + " tokens, " + visualTokens + " of them visual]";
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Prompt prompt && text.equals(prompt.text) && Arrays.equals(ids, prompt.ids);
    }

    @Override
    public int hashCode() {
        return 31 * text.hashCode() + Arrays.hashCode(ids);
    }
}
