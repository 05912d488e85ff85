package io.github.internvl.grammar;

import com.google.gson.JsonElement;

/** Exceptions for schemas, whose messages give the place as a JSON pointer, the problem and the remedy. */
final class SchemaError {
    private static final int QUOTED = 200;

    private SchemaError() {}

    static GrammarException at(String pointer, String problem) {
        return new GrammarException("the JSON schema at " + pointer + ": " + problem);
    }

    /** An exception for a correct schema that is not supported; another alternative may be used instead. */
    static GrammarException unsupported(String pointer, String problem) {
        return new UnsupportedGrammarException("the JSON schema at " + pointer + ": " + problem);
    }

    /** A part of a schema for a message, cut where it is long. */
    static String quote(JsonElement element) {
        String text = element.toString();
        return text.length() <= QUOTED ? text : text.substring(0, QUOTED) + "…";
    }

    /** The place of a member. */
    static String within(String pointer, Object member) {
        return pointer + "/" + String.valueOf(member).replace("~", "~0").replace("/", "~1");
    }
}
