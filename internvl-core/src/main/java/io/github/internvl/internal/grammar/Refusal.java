package io.github.internvl.internal.grammar;

import io.github.internvl.InvalidRequestException;

/** How a schema is refused: with the place as a JSON pointer, what is wrong there, and what to do. */
final class Refusal {
    private Refusal() {}

    static InvalidRequestException at(String pointer, String problem) {
        return new InvalidRequestException("the JSON schema at " + pointer + ": " + problem);
    }

    /** The place of a member. */
    static String within(String pointer, Object member) {
        return pointer + "/" + String.valueOf(member).replace("~", "~0").replace("/", "~1");
    }
}
