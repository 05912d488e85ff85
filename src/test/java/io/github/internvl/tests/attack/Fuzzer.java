package io.github.internvl.tests.attack;

import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests that a grammar makes by chance, and holds each to one property: the answer comes in time and is well formed,
 * its status is below 500 or says when to come again, and afterwards a plain chat is answered and nothing is left inside. What
 * breaks it is made as small as removals can, and told with its seed.
 */
final class Fuzzer implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MOST_TRIALS = 80;
    private static final int SHOWN = 2000;

    private final Path model;
    private final Map<String, Integer> counts = new TreeMap<>();
    private final List<String> failures = new ArrayList<>();
    private @Nullable Victim victim;
    private double slowest;

    Fuzzer(Path model) {
        this.model = model;
    }

    /** Tries the request of a seed. */
    void run(long seed) throws IOException, InterruptedException {
        RequestGrammar.Request request = new RequestGrammar(seed).next();
        String violation = violation(request);
        if (violation != null) {
            RequestGrammar.Request small = shrunk(request);
            String text = small.text();
            failures.add("seed " + seed + ", " + request.path() + ": " + violation + "\n  "
                    + (text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text));
        }
    }

    private RequestGrammar.Request shrunk(RequestGrammar.Request failing) throws IOException, InterruptedException {
        RequestGrammar.Request smallest = failing;
        int trials = 0;
        boolean smaller = true;
        while (smaller) {
            smaller = false;
            List<RequestGrammar.Request> candidates = new ArrayList<>();
            if (smallest.cut() > 0) {
                candidates.add(new RequestGrammar.Request(smallest.path(), smallest.body(), 0));
            }
            for (Node less : smallest.body().smaller()) {
                candidates.add(new RequestGrammar.Request(smallest.path(), less, smallest.cut()));
            }
            for (RequestGrammar.Request candidate : candidates) {
                if (trials++ >= MOST_TRIALS) {
                    return smallest;
                }
                if (violation(candidate) != null) {
                    smallest = candidate;
                    smaller = true;
                    break;
                }
            }
        }
        return smallest;
    }

    /** How a request breaks the property; null if it holds. */
    private @Nullable String violation(RequestGrammar.Request request) throws IOException, InterruptedException {
        Victim target = victim();
        String violation;
        long start = System.nanoTime();
        try {
            Answer answer = target.post(request.path(), request.text().getBytes(StandardCharsets.UTF_8), PATIENCE);
            counts.merge(answer.status() + (answer.isStream() ? " streamed" : ""), 1, Integer::sum);
            violation = answer.flaw();
        } catch (HttpTimeoutException e) {
            violation = "no answer in " + PATIENCE.toSeconds() + " s";
        } catch (IOException e) {
            violation = "no answer: " + e;
        }
        slowest = Math.max(slowest, (System.nanoTime() - start) / 1e9);
        String after = left(target);
        if (after != null) {
            stop();
        }
        return violation == null ? after : violation;
    }

    /** The fault that remains afterwards; null without one. */
    private static @Nullable String left(Victim target) throws InterruptedException {
        try {
            Answer chat = target.chat(PATIENCE);
            if (!chat.isOk()) {
                return "afterwards a chat gets " + chat.shown();
            }
            long end = System.nanoTime() + PATIENCE.toNanos();
            String wrong = stillInside(target);
            while (wrong != null && System.nanoTime() < end) {
                Thread.sleep(50);
                wrong = stillInside(target);
            }
            return wrong;
        } catch (IOException e) {
            return "afterwards a chat gets " + e;
        }
    }

    private static @Nullable String stillInside(Victim target) throws IOException, InterruptedException {
        for (String gauge :
                List.of("internvl_http_requests_inside", "internvl_requests_running", "internvl_requests_waiting")) {
            double value = target.metric(gauge);
            if (value > 0) {
                return "afterwards " + gauge + " is " + value;
            }
        }
        return null;
    }

    private Victim victim() throws IOException, InterruptedException {
        Victim target = victim;
        if (target == null || !target.process().isAlive()) {
            stop();
            target = new Victim(ServerProcess.start(Setup.PLAIN, model), Setup.PLAIN);
            victim = target;
            target.chat(PATIENCE); // the first loads classes
        }
        return target;
    }

    private void stop() throws IOException {
        Victim last = victim;
        victim = null;
        if (last != null) {
            last.process().close();
        }
    }

    List<String> failures() {
        return failures;
    }

    /** How many answers had which status, the trials of making a failing request smaller included. */
    Map<String, Integer> counts() {
        return counts;
    }

    /** The longest time that an answer took, in seconds. */
    double slowest() {
        return slowest;
    }

    @Override
    public void close() throws IOException {
        stop();
    }
}
