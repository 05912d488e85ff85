package io.github.internvl.grammar;

/** A grammar that is malformed, or that answers cannot be held to. The message names the place, the rule and the remedy. */
public class GrammarException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    GrammarException(String message) {
        super(message);
    }
}
