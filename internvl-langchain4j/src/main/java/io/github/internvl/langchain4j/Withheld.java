package io.github.internvl.langchain4j;

import io.github.internvl.Tool;

/** The end of a streamed text that may be white space before a tool call, or the call itself, and waits for the rest. Used by one thread. */
final class Withheld {
    private final boolean tools;
    private final StringBuilder held = new StringBuilder();

    /** Withholds nothing where there are no tools. */
    Withheld(boolean tools) {
        this.tools = tools;
    }

    /** Adds a piece, and takes the text that belongs to no call. */
    String add(String piece) {
        held.append(piece);
        return take(tools ? beforeCall() : held.length());
    }

    /** Takes all that is left. */
    String rest() {
        return take(held.length());
    }

    private int beforeCall() {
        int end = held.indexOf(Tool.Call.START);
        if (end < 0) {
            end = held.length();
            int keep = Math.min(end, Tool.Call.START.length() - 1);
            while (keep > 0 && !Tool.Call.START.startsWith(held.substring(end - keep))) {
                keep--;
            }
            end -= keep;
        }
        while (end > 0 && Character.isWhitespace(held.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    private String take(int characters) {
        String text = held.substring(0, characters);
        held.delete(0, characters);
        return text;
    }
}
