package io.github.internvl.tests.attack;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Attacks one after another, each on a server that still answers: one that an attack has stopped is killed and started anew.
 * During each attack another client asks; after it a chat must be answered and no place be left taken.
 */
final class Campaign implements AutoCloseable {
    private static final Duration SETTLING = Duration.ofSeconds(30);

    /** The catalogues: all attacks there are, in an order that changes the server seldom. */
    static List<Attack> catalogue(Path folder) throws IOException {
        List<Attack> all = new ArrayList<>();
        all.addAll(HttpAttacks.all());
        all.addAll(ApiAttacks.all());
        all.addAll(InjectionAttacks.all());
        all.addAll(GrammarAttacks.all());
        all.addAll(MemoryAttacks.all());
        all.addAll(SlowAttacks.all());
        all.addAll(AccessAttacks.all());
        all.addAll(InjectionAttacks.addresses(folder));
        all.addAll(LifeAttacks.all(folder));
        Map<String, List<Attack>> bySetup = new LinkedHashMap<>();
        all.forEach(attack -> bySetup.computeIfAbsent(attack.setup().name(), name -> new ArrayList<>())
                .add(attack));
        return bySetup.values().stream().flatMap(List::stream).toList();
    }

    /**
     * The outcome of an attack.
     *
     * @param failure what did not hold; null if all did
     * @param seconds how long it took
     * @param slowest the longest wait of the other client meanwhile, in seconds
     */
    record Outcome(Attack attack, @Nullable String failure, double seconds, double slowest) {}

    private final Path model;
    private final List<Outcome> outcomes = new ArrayList<>();
    private @Nullable Victim victim;
    private @Nullable Setup running;

    Campaign(Path model) {
        this.model = model;
    }

    /** Carries an attack out. */
    Outcome run(Attack attack) throws IOException, InterruptedException {
        Victim target = victim(attack.setup());
        long start = System.nanoTime();
        Bystander bystander = new Bystander(target);
        String failure = null;
        try {
            attack.trial().on(target);
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception | AssertionError e) {
            failure =
                    String.valueOf(e.getMessage() == null ? e : e.getMessage()).strip();
        } finally {
            bystander.end();
        }
        boolean ends = attack.group().equals("life");
        if (failure == null && !ends && !bystander.unanswered().isEmpty()) {
            failure = "others were not answered: " + bystander.unanswered().get(0);
        }
        String after = ends ? null : unsettled(target);
        if (after != null || !target.process().isAlive()) {
            failure = failure == null ? after : failure;
            stop();
        }
        Outcome outcome = new Outcome(attack, failure, (System.nanoTime() - start) / 1e9, bystander.slowest());
        outcomes.add(outcome);
        return outcome;
    }

    private Victim victim(Setup setup) throws IOException, InterruptedException {
        Victim target = victim;
        if (target == null || !setup.equals(running) || !target.process().isAlive()) {
            stop();
            target = new Victim(ServerProcess.start(setup, model), setup);
            victim = target;
            running = setup;
            target.chat(SETTLING); // the first loads classes
        }
        return target;
    }

    /** The fault that remains some time after an attack; null if a chat is answered and no place is taken. */
    private static @Nullable String unsettled(Victim target) throws InterruptedException {
        long end = System.nanoTime() + SETTLING.toNanos();
        String wrong = "afterwards ";
        while (System.nanoTime() < end && target.process().isAlive()) {
            try {
                Answer chat = target.chat(SETTLING);
                Answer metrics = target.get("/metrics");
                if (metrics.body().contains("internvl_http_responses_total{status=\"500\"}")) {
                    return "afterwards a status 500 is counted";
                }
                boolean free = metrics.body().contains("internvl_http_requests_inside 0\n");
                if (free && (chat.isOk() || chat.isBusy())) {
                    return null;
                }
                wrong = "afterwards a chat gets " + chat.shown() + ", places are free: " + free;
                Thread.sleep(200);
            } catch (IOException e) {
                wrong = "afterwards a chat gets " + e;
            }
        }
        return target.process().isAlive() ? wrong : "the process has ended";
    }

    private void stop() throws IOException {
        Victim last = victim;
        victim = null;
        if (last != null) {
            last.process().close();
        }
    }

    /** A line for each attack that did not hold. */
    List<String> failed() {
        return outcomes.stream()
                .filter(outcome -> outcome.failure() != null)
                .map(Campaign::line)
                .toList();
    }

    /** The table of what was tried, held and failed, by group, and the failures with their reasons. */
    String report() {
        Map<String, int[]> counts = new TreeMap<>();
        for (Outcome outcome : outcomes) {
            int[] count = counts.computeIfAbsent(outcome.attack().group(), group -> new int[2]);
            count[outcome.failure() == null ? 0 : 1]++;
        }
        StringBuilder text = new StringBuilder("| group | tried | held | failed |\n| --- | ---: | ---: | ---: |\n");
        counts.put("all", new int[] {outcomes.size() - failed().size(), failed().size()});
        counts.forEach((group, count) -> text.append(
                String.format(Locale.ROOT, "| %s | %d | %d | %d |%n", group, count[0] + count[1], count[0], count[1])));
        Outcome worst = outcomes.stream()
                .max((one, other) -> Double.compare(one.slowest(), other.slowest()))
                .orElseThrow();
        text.append(String.format(
                Locale.ROOT,
                "longest wait of another client: %.1f s, %s%n",
                worst.slowest(),
                worst.attack().name()));
        failed().forEach(text::append);
        return text.toString();
    }

    /** An outcome in a line. */
    static String line(Outcome outcome) {
        String failure = outcome.failure();
        return String.format(
                Locale.ROOT,
                "%s %s: %s, %.1f s, others at most %.1f s%s%n",
                failure == null ? "held  " : "FAILED",
                outcome.attack().group(),
                outcome.attack().name(),
                outcome.seconds(),
                outcome.slowest(),
                failure == null ? "" : ": " + failure.replaceAll("\\s+", " "));
    }

    @Override
    public void close() throws IOException {
        stop();
    }
}
