package io.github.internvl.grammar;

/** A grammar that is well-formed but not supported. An alternative beside it may be used instead. */
final class UnsupportedGrammarException extends GrammarException {
    private static final long serialVersionUID = 1L;

    UnsupportedGrammarException(String message) {
        super(message);
    }
}
