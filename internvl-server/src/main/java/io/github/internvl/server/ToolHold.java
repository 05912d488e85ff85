package io.github.internvl.server;

import io.github.internvl.ToolCall;

/** Keeps back from a stream of text what may be a call of a tool, until the end shows whether it is. Used by one thread. */
final class ToolHold {
    private final boolean holding;
    private final StringBuilder held = new StringBuilder();
    private boolean inCall;

    /** Makes one that keeps back nothing unless {@code holding}. */
    ToolHold(boolean holding) {
        this.holding = holding;
    }

    /** The text that can be passed on after this piece. */
    String add(String piece) {
        if (!holding) {
            return piece;
        }
        held.append(piece);
        return inCall ? "" : take(sayable());
    }

    private int sayable() {
        int call = held.indexOf(ToolCall.START);
        if (call >= 0) {
            inCall = true;
            return call;
        }
        int keep = Math.min(held.length(), ToolCall.START.length() - 1);
        while (keep > 0 && !ToolCall.START.startsWith(held.substring(held.length() - keep))) {
            keep--;
        }
        return held.length() - keep;
    }

    /** The text that was held back. */
    String rest() {
        return take(held.length());
    }

    private String take(int characters) {
        String text = held.substring(0, characters);
        held.delete(0, characters);
        return text;
    }
}
