package io.github.internvl;

/**
 * A request that cannot be answered as it stands; the message says what to do. It is refused before any computing, unless only the
 * answer shows the fault: a format that takes too many steps to follow, or penalties and bans that leave no token.
 */
public class InvalidRequestException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** Makes a refusal whose message names the rule, what was found, and the remedy. */
    public InvalidRequestException(String message) {
        super(message);
    }
}
