package io.github.internvl;

/**
 * A request or a setting that cannot be answered as it stands. The message names the rule, the value found and the remedy.
 * A request is rejected before any computing, unless only the answer shows the fault: a format that takes too many steps to
 * follow, or penalties and bans that leave no token. The model stays usable. {@link RequestBudget.ExceededException} is the kind for
 * too much work.
 */
public class InvalidRequestException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** An exception with a message that names rule, value and remedy. */
    public InvalidRequestException(String message) {
        super(message);
    }
}
