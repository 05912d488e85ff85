package io.github.internvl.internal.format;

import java.util.Comparator;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The computation of one mask, queued behind those of rules that have taken fewer steps. Requests that cost little then pass
 * those that cost much.
 */
final class MaskTask implements Runnable {
    /** The order in which tasks are run; among equals the first that came is first. */
    static final Comparator<Runnable> CHEAPEST_FIRST = Comparator.comparingLong(
                    (Runnable task) -> task instanceof MaskTask mask ? mask.spent : 0)
            .thenComparingLong(task -> task instanceof MaskTask mask ? mask.number : 0);

    private static final AtomicLong NUMBERS = new AtomicLong();

    private final Runnable work;
    private final long spent;
    private final long number = NUMBERS.getAndIncrement();

    /** Takes work of a rule that has taken so many steps. */
    MaskTask(Runnable work, long spent) {
        this.work = work;
        this.spent = spent;
    }

    @Override
    public void run() {
        work.run();
    }
}
