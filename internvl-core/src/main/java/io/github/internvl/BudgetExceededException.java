package io.github.internvl;

import io.github.internvl.RequestBudget.Work;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request that would cause more work, or take more time, than its {@link RequestBudget} allows. The message names the place
 * and the limit. It is the request's fault: asking again needs a smaller request or a larger budget.
 */
public final class BudgetExceededException extends InvalidRequestException {
    private static final long serialVersionUID = 1L;

    private final @Nullable Work work;

    /** Creates an exception for a rejected request; {@code work} is null if its time was over. */
    public BudgetExceededException(@Nullable Work work, String message) {
        super(message);
        this.work = work;
    }

    /** The kind of work that exceeded its limit; empty if the time was over. */
    public Optional<Work> work() {
        return Optional.ofNullable(work);
    }
}
