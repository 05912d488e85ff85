package io.github.internvl;

import io.github.internvl.RequestBudget.Work;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that would cause more work than its {@link RequestBudget} allows; the message names the place and the limit. */
public final class BudgetExceededException extends InvalidRequestException {
    private static final long serialVersionUID = 1L;

    private final @Nullable Work work;

    /** Makes the refusal of a request; {@code work} is null if its time was over. */
    public BudgetExceededException(@Nullable Work work, String message) {
        super(message);
        this.work = work;
    }

    /** The work that was too much; empty if the time was over. */
    public Optional<Work> work() {
        return Optional.ofNullable(work);
    }
}
