package io.github.internvl.server;

/** Words of messages. */
final class Text {
    private static final int LONGEST = 60;

    private Text() {}

    /** Input of a client, short and without control characters, to be shown to it. */
    static String quote(String sent) {
        String start = sent.length() <= LONGEST ? sent : sent.substring(0, LONGEST) + "…";
        return "'" + start.replaceAll("\\p{Cntrl}", "?") + "'";
    }
}
