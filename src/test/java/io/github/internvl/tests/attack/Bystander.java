package io.github.internvl.tests.attack;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Another client, who asks plain chats one after another while an attack goes on. */
final class Bystander {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int PAUSE_MILLIS = 200;

    private final Victim victim;
    private final Thread thread = new Thread(this::ask, "bystander");
    private final List<String> unanswered = new ArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private double slowest;

    Bystander(Victim victim) {
        this.victim = victim;
        thread.start();
    }

    private void ask() {
        try {
            while (!ended.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
                long start = System.nanoTime();
                try {
                    Answer answer = victim.chat(PATIENCE);
                    if (!answer.isOk() && !answer.isBusy()) {
                        unanswered.add(answer.shown());
                    }
                } catch (IOException e) {
                    unanswered.add(e.toString());
                }
                slowest = Math.max(slowest, (System.nanoTime() - start) / 1e9);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends asking. */
    void end() throws InterruptedException {
        ended.countDown();
        thread.join();
    }

    /** Responses that were neither an answer nor a refusal for load. Complete after the end only. */
    List<String> unanswered() {
        return unanswered;
    }

    /** The longest wait for an answer in seconds. To be asked after the end. */
    double slowest() {
        return slowest;
    }
}
