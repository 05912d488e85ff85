package io.github.internvl;

/** A request that cannot be answered as it stands; it was refused before any computing, and the message says what to do. */
public class InvalidRequestException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** Makes a refusal whose message names the rule, what was found, and the remedy. */
    public InvalidRequestException(String message) {
        super(message);
    }
}
