package io.github.internvl.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.demo.DemoModel;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server of a heap of a gigabyte under 64 clients, of whom 8 attack with the requests of all catalogues and of the fuzz, slow
 * bodies and hung-up connections. All of them warm the server up for a sixth of the time, then the others are alone for a third. It
 * runs only when named:
 *
 * <pre>
 * mvn -pl src/test -am -Dtest=MixedLoad -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.load.minutes=10 test
 * </pre>
 *
 * With {@code internvl.load.minutes} (10), {@code internvl.load.clients} (64), {@code internvl.load.attackers} (8),
 * {@code internvl.load.pause} (1,000), the mean time in milliseconds that an ordinary client waits between two requests, and
 * {@code internvl.attack.tokenizer} as {@link AttackRun}. It prints the statuses of both, the time to first token of the ordinary
 * ones with and without attackers, and the heap after a collection at each tenth of the time. It fails if a status is 500 or
 * more without word when to come again, if an ordinary client is not answered, or if the heap in the last tenth holds half as
 * much again as in the fifth.
 */
class MixedLoad {
    private static final int PARTS = 10;
    private static final long MEBIBYTE = 1 << 20;
    private static final long SLACK = 64 * MEBIBYTE;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final double minutes = Double.parseDouble(System.getProperty("internvl.load.minutes", "10"));
    private final int clients = Integer.getInteger("internvl.load.clients", 64);
    private final int attackers = Integer.getInteger("internvl.load.attackers", 8);
    private final int pause = Integer.getInteger("internvl.load.pause", 1000);
    private final Map<String, LongAdder> statuses = new ConcurrentSkipListMap<>();
    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());

    @Test
    void servesOthersWhileSomeAttack(@TempDir Path folder) throws Exception {
        List<Attack.Post> posts = Campaign.catalogue(folder).stream()
                .map(Attack::post)
                .filter(post -> post != null)
                .toList();
        List<Long> heap = new ArrayList<>();
        ExecutorService pool = Executors.newFixedThreadPool(clients);
        try (ServerProcess process = ServerProcess.start(Setup.PLAIN, WideVocabulary.modelOrDemo(folder))) {
            Victim victim = new Victim(process, Setup.PLAIN);
            victim.chat(PATIENCE);
            phase(victim, pool, posts, minutes / 6, -1); // so that both times are those of compiled code
            List<Double> alone = phase(victim, pool, List.of(), minutes / 3, 0);
            print("first token without attackers", alone);
            List<Double> beside = new ArrayList<>();
            for (int part = 1; part <= PARTS; part++) {
                beside.addAll(phase(victim, pool, posts, minutes / PARTS, part));
                heap.add(process.heapBytes());
                System.out.printf(
                        Locale.ROOT,
                        "part %d: heap %d MiB, resident %d MiB, %s%n",
                        part,
                        heap.get(part - 1) / MEBIBYTE,
                        process.residentBytes() / MEBIBYTE,
                        statuses);
            }
            print("first token beside attackers", beside);
            System.out.printf(
                    Locale.ROOT,
                    "p95 beside attackers / p95 without: %.2f%n",
                    percentile(beside, 95) / percentile(alone, 95));
            Answer after = victim.chat(PATIENCE);
            assertThat(after.status()).as(after.shown()).isEqualTo(200);
            assertThat(process.log()).as("log of the server").doesNotContain("OutOfMemoryError");
        } finally {
            pool.shutdownNow();
        }
        wrong.stream().limit(20).forEach(System.out::println);
        assertThat(wrong).as("answers that must not be").isEmpty();
        assertThat(heap.get(PARTS - 1)).as("heap at the end").isLessThan(heap.get(PARTS / 2 - 1) * 3 / 2 + SLACK);
    }

    /** Lets all clients ask for some time, and returns the times to first token of the ordinary ones, in seconds. */
    private List<Double> phase(Victim victim, ExecutorService pool, List<Attack.Post> posts, double length, int part)
            throws Exception {
        List<Double> times = Collections.synchronizedList(new ArrayList<>());
        long end = System.nanoTime() + (long) (length * 60e9);
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            Random random = new Random(1000L * part + i);
            if (i >= attackers) {
                running.add(pool.submit(() -> ask(victim, random, end, times)));
            } else if (!posts.isEmpty()) {
                running.add(pool.submit(() -> attack(victim, posts, random, end)));
            }
        }
        for (Future<?> client : running) {
            client.get();
        }
        return times;
    }

    private Void ask(Victim victim, Random random, long end, List<Double> times) throws Exception {
        List<String> pictures = List.of("shapes.png", "chart.png", "word.png");
        List<String> questions =
                List.of("How many circles are there?", "describe this image", "What color is the square?");
        Thread.sleep(random.nextInt(pause + 1));
        while (System.nanoTime() < end) {
            byte[] file = Files.readAllBytes(DemoModel.sample(pictures.get(random.nextInt(pictures.size()))));
            String question = questions.get(random.nextInt(questions.size()));
            String content = random.nextInt(3) == 0
                    ? Bodies.quoted("Why?")
                    : "[" + Bodies.picture(file) + ", " + Bodies.text(question) + "]";
            String body = Bodies.content(content, "\"stream\": true", "\"max_tokens\": 32");
            try {
                FirstToken first = FirstToken.of(victim.uri(Victim.CHAT), body, PATIENCE);
                count("others " + first.status());
                if (!first.failure().isEmpty()) {
                    wrong.add("ordinary: " + first);
                } else if (first.status() == 200) {
                    times.add(first.seconds());
                }
            } catch (IOException e) {
                count("others none");
                wrong.add("ordinary: " + e);
            }
            Thread.sleep((long) (pause * -Math.log(1 - random.nextDouble())));
        }
        return null;
    }

    private Void attack(Victim victim, List<Attack.Post> posts, Random random, long end) throws Exception {
        while (System.nanoTime() < end) {
            try {
                switch (random.nextInt(8)) {
                    case 0 -> leave(victim, posts.get(random.nextInt(posts.size())), random);
                    case 1 -> trickle(victim, random);
                    case 2, 3 -> {
                        RequestGrammar.Request request = new RequestGrammar(random.nextLong()).next();
                        judge(victim.post(request.path(), request.text().getBytes(StandardCharsets.UTF_8), PATIENCE));
                    }
                    default -> {
                        Attack.Post post = posts.get(random.nextInt(posts.size()));
                        judge(victim.post(post.path(), post.body().get(), PATIENCE));
                    }
                }
            } catch (IOException e) {
                count("attackers none, " + e.getClass().getSimpleName());
            }
        }
        return null;
    }

    private void judge(Answer answer) {
        count("attackers " + answer.status());
        String flaw = answer.flaw();
        if (flaw != null) {
            wrong.add("attacker: " + flaw);
        }
    }

    /** Sends a request and hangs up after a while. */
    private void leave(Victim victim, Attack.Post post, Random random) throws IOException, InterruptedException {
        String body = new String(post.body().get(), StandardCharsets.UTF_8);
        int length = body.getBytes(StandardCharsets.UTF_8).length;
        try (Socket socket = victim.open(SlowAttacks.request(post.path(), length, body))) {
            socket.setSoTimeout(1);
            Thread.sleep(random.nextInt(1000));
        }
        count("attackers left");
    }

    /** Sends a body of a byte now and then, and gives up. */
    private void trickle(Victim victim, Random random) throws IOException, InterruptedException {
        try (Socket socket = victim.open(SlowAttacks.request(Victim.CHAT, 100_000, "{"))) {
            for (int i = random.nextInt(8); i >= 0; i--) {
                socket.getOutputStream().write(' ');
                Thread.sleep(500);
            }
        }
        count("attackers slow");
    }

    private void count(String what) {
        statuses.computeIfAbsent(what, first -> new LongAdder()).increment();
    }

    private static double percentile(List<Double> times, int percent) {
        List<Double> sorted = new ArrayList<>(times);
        Collections.sort(sorted);
        return sorted.isEmpty() ? Double.NaN : sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
    }

    private static void print(String name, List<Double> times) {
        System.out.printf(
                Locale.ROOT,
                "%s: %d answers, p50 %.3f s, p95 %.3f s, p99 %.3f s%n",
                name,
                times.size(),
                percentile(times, 50),
                percentile(times, 95),
                percentile(times, 99));
    }
}
