package io.github.internvl.internal.grammar;

import com.google.gson.JsonElement;
import io.github.internvl.InvalidRequestException;

/** How a schema is refused: with the place as a JSON pointer, what is wrong there, and what to do. */
final class Refusal {
    private static final int QUOTED = 200;

    private Refusal() {}

    static InvalidRequestException at(String pointer, String problem) {
        return new InvalidRequestException("the JSON schema at " + pointer + ": " + problem);
    }

    /** A refusal of a correct schema that answers cannot be held to; another alternative may do. */
    static InvalidRequestException unsupported(String pointer, String problem) {
        return new UnsupportedFormatException("the JSON schema at " + pointer + ": " + problem);
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
