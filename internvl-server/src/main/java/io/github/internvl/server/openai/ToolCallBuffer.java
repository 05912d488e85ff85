package io.github.internvl.server.openai;

import io.github.internvl.Tool;

/** A buffer that withholds streamed text which may be a tool call, until the end shows whether it is one. Used by one thread. */
final class ToolCallBuffer {
    private final boolean holding;
    private final StringBuilder held = new StringBuilder();
    private boolean inCall;

    /** Creates a buffer; unless {@code holding}, it withholds nothing. */
    ToolCallBuffer(boolean holding) {
        this.holding = holding;
    }

    /** Adds a piece of text and returns the text that may be sent. */
    String add(String piece) {
        if (!holding) {
            return piece;
        }
        held.append(piece);
        return inCall ? "" : take(sendable());
    }

    private int sendable() {
        int call = held.indexOf(Tool.Call.START);
        if (call >= 0) {
            inCall = true;
            return call;
        }
        int keep = Math.min(held.length(), Tool.Call.START.length() - 1);
        while (keep > 0 && !Tool.Call.START.startsWith(held.substring(held.length() - keep))) {
            keep--;
        }
        return held.length() - keep;
    }

    /** The text withheld so far. */
    String rest() {
        return take(held.length());
    }

    private String take(int characters) {
        String text = held.substring(0, characters);
        held.delete(0, characters);
        return text;
    }
}
