package io.github.internvl.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.internvl.InternVL;
import io.github.internvl.Precision;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.server.InternVLServer;
import io.github.internvl.server.ServerOptions;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Many clients of a server for a long time, on Linux: of ten requests one leaves in the middle of its answer, and of twenty one
 * is garbage; the others must get the answer that the model gives alone. It runs only when named:
 *
 * <pre>
 * mvn -pl benchmark -am -Dtest=ServerSoak -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.soak.minutes=10 \
 *     "-Dsurefire.jvm.options=--enable-native-access=ALL-UNNAMED -Xms512m -Xmx512m -XX:+AlwaysPreTouch" test
 * </pre>
 *
 * With {@code internvl.soak.minutes} (1) and {@code internvl.soak.clients} (64). After each tenth of the time comes a line:
 * requests so far, heap in use after a collection, direct buffers and resident memory in MiB, threads. At the end come how many
 * requests were what, the percentiles of the time to first token and of tokens per second of one answer, and those of all
 * together. No answer may be wrong, the second half must not need more memory than the first, and no place, slot or thread
 * may be left taken.
 */
class ServerSoak {
    private static final int LINES = 10;
    private static final double MARGIN = 0.01;
    private static final long MEGABYTE = 1 << 20;
    private static final long SLACK = 48 * MEGABYTE;
    private static final List<String> PICTURES =
            List.of("shapes.png", "shapes-changed.png", "shapes-wide.png", "chart.png", "number.png", "word.png");
    private static final List<String> QUESTIONS = List.of(
            "Is there a green star?",
            "How many circles are there?",
            "describe this image",
            "What color is the square?");
    private static final List<String> GARBAGE = List.of(
            "",
            "{",
            "[]",
            "{\"messages\": 1}",
            "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\","
                    + " \"image_url\": {\"url\": \"data:image/png;base64,AAAA\"}}]}]}");

    private final double minutes = Double.parseDouble(System.getProperty("internvl.soak.minutes", "1"));
    private final int clients = Integer.getInteger("internvl.soak.clients", 64);
    private final Map<String, LongAdder> counts = new ConcurrentSkipListMap<>();
    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());
    private final List<Double> firstTokens = Collections.synchronizedList(new ArrayList<>());
    private final List<Double> tokensPerSecond = Collections.synchronizedList(new ArrayList<>());
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /**
     * A request, and what the model answers to it alone.
     *
     * @param firm whether the second best token is always so much less probable that no rounding makes it the best
     */
    private record Known(String body, String answer, boolean firm) {}

    @Test
    void answersStayRightAndNothingIsLeft() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(clients);
        List<Long> memory = new ArrayList<>();
        ServerOptions options = ServerOptions.builder().port(0).build();
        try (InternVL model = InternVL.builder(DemoModel.path())
                        .device("cpu")
                        .precision(Precision.FLOAT32)
                        .visualCacheBytes(8 * MEGABYTE)
                        .load();
                InternVLServer server = InternVLServer.start(model, options)) {
            URI chat = server.uri().resolve("v1/chat/completions");
            List<Known> known = known(chat);
            long generated = model.stats().generatedTokens();
            long start = System.nanoTime();
            for (int line = 1; line <= LINES; line++) {
                long end = start + (long) (line * minutes * 60e9 / LINES);
                int seed = line * clients;
                List<Callable<Boolean>> askers = IntStream.range(0, clients)
                        .<Callable<Boolean>>mapToObj(number -> () -> ask(chat, known, new Random(seed + number), end))
                        .toList();
                for (Future<Boolean> asker : pool.invokeAll(askers)) {
                    asker.get();
                }
                memory.add(measure());
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            generated = model.stats().generatedTokens() - generated;
            System.out.printf(Locale.ROOT, "all answers: %d tokens, %.1f tokens/s%n", generated, generated / seconds);
            await(() -> model.stats().running() == 0 && model.stats().waiting() == 0);
            String metrics = http.send(
                            HttpRequest.newBuilder(server.uri().resolve("metrics"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            System.out.println(metrics);
            assertThat(metrics).contains("internvl_http_requests_inside 0").doesNotContain("status=\"5");
        } finally {
            pool.shutdownNow();
        }
        System.out.println(counts);
        print("first token, s", firstTokens);
        print("tokens/s of one answer", tokensPerSecond);
        assertThat(wrong).as("wrong answers").isEmpty();
        assertThat(memory.get(LINES - 1)).as("resident bytes").isLessThan(memory.get(LINES / 2 - 1) + SLACK);
    }

    private List<Known> known(URI chat) throws IOException, InterruptedException {
        List<Known> known = new ArrayList<>();
        for (String picture : PICTURES) {
            for (String question : QUESTIONS) {
                String body = body(picture, question, false);
                String scored = body.replaceFirst("\\{", "{\"logprobs\": true, \"top_logprobs\": 2, ");
                HttpResponse<String> response = http.send(post(chat, scored), HttpResponse.BodyHandlers.ofString());
                known.add(new Known(body, text(response.body()), isFirm(response.body())));
            }
        }
        return known;
    }

    private static boolean isFirm(String completion) {
        JsonObject choice = choice(JsonParser.parseString(completion).getAsJsonObject());
        return choice.getAsJsonObject("logprobs").getAsJsonArray("content").asList().stream()
                .map(token -> token.getAsJsonObject().getAsJsonArray("top_logprobs"))
                .allMatch(best -> logprob(best.get(0)) - logprob(best.get(1)) > MARGIN);
    }

    private static double logprob(JsonElement score) {
        return score.getAsJsonObject().get("logprob").getAsDouble();
    }

    private static String text(String completion) {
        return choice(JsonParser.parseString(completion).getAsJsonObject())
                .getAsJsonObject("message")
                .get("content")
                .getAsString();
    }

    private static JsonObject choice(JsonObject answer) {
        JsonArray choices = answer.getAsJsonArray("choices");
        return choices.isEmpty() ? new JsonObject() : choices.get(0).getAsJsonObject();
    }

    private static String body(String picture, String question, boolean streamed) throws IOException {
        String url = "data:image/png;base64,"
                + Base64.getEncoder().encodeToString(Files.readAllBytes(DemoModel.sample(picture)));
        return "{\"max_tokens\": 64, \"stream\": " + streamed
                + ", \"messages\": [{\"role\": \"user\", \"content\": [{\"type\":"
                + " \"image_url\", \"image_url\": {\"url\": \"" + url + "\"}}, {\"type\": \"text\", \"text\": "
                + new JsonPrimitive(question) + "}]}]}";
    }

    private static HttpRequest post(URI chat, String body) {
        return HttpRequest.newBuilder(chat)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private boolean ask(URI chat, List<Known> known, Random random, long end) throws Exception {
        while (System.nanoTime() < end) {
            int kind = random.nextInt(20);
            Known one = known.get(random.nextInt(known.size()));
            if (kind == 0) {
                String garbage = GARBAGE.get(random.nextInt(GARBAGE.size()));
                int status = http.send(post(chat, garbage), HttpResponse.BodyHandlers.ofString())
                        .statusCode();
                assertThat(status).isEqualTo(400);
                count("garbage");
            } else if (kind <= 2) {
                leave(chat, one, random);
            } else if (kind <= 10) {
                stream(chat, one);
            } else {
                HttpResponse<String> response = http.send(post(chat, one.body()), HttpResponse.BodyHandlers.ofString());
                assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
                check(one, text(response.body()));
            }
        }
        return true;
    }

    private void leave(URI chat, Known one, Random random) throws IOException, InterruptedException {
        String body = one.body().replace("\"stream\": false", "\"ignore_eos\": true, \"stream\": true");
        HttpResponse<InputStream> response = http.send(post(chat, body), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream in = response.body()) {
            in.readNBytes(random.nextInt(2000));
        }
        count("left");
    }

    private void stream(URI chat, Known one) throws IOException, InterruptedException {
        long start = System.nanoTime();
        String body = one.body().replace("\"stream\": false", "\"stream\": true");
        HttpResponse<Stream<String>> response = http.send(post(chat, body), HttpResponse.BodyHandlers.ofLines());
        StringBuilder text = new StringBuilder();
        double first = 0;
        int pieces = 0;
        try (Stream<String> lines = response.body()) {
            for (Iterator<String> line = lines.iterator(); line.hasNext(); ) {
                String piece = piece(line.next());
                if (!piece.isEmpty()) {
                    first = pieces++ == 0 ? (System.nanoTime() - start) / 1e9 : first;
                    text.append(piece);
                }
            }
        }
        check(one, text.toString());
        firstTokens.add(first);
        if (pieces > 2) {
            tokensPerSecond.add((pieces - 1) / ((System.nanoTime() - start) / 1e9 - first));
        }
    }

    private static String piece(String line) {
        if (!line.startsWith("data: {")) {
            return "";
        }
        JsonObject choice = choice(JsonParser.parseString(line.substring(6)).getAsJsonObject());
        JsonElement content =
                choice.has("delta") ? choice.getAsJsonObject("delta").get("content") : null;
        return content == null || content.isJsonNull() ? "" : content.getAsString();
    }

    private void check(Known one, String answer) {
        if (answer.equals(one.answer())) {
            count("right");
        } else if (one.firm()) {
            count("wrong");
            wrong.add(answer + ", not " + one.answer());
        } else {
            count("right but for rounding");
        }
    }

    private void count(String what) {
        counts.computeIfAbsent(what, first -> new LongAdder()).increment();
    }

    private static void await(Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + 60_000_000_000L;
        while (!condition.call()) {
            assertThat(System.nanoTime()).as("the wait for free slots").isLessThan(end);
            Thread.sleep(10);
        }
    }

    private long measure() throws IOException {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        long heap = (runtime.totalMemory() - runtime.freeMemory()) / MEGABYTE;
        long resident = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElseThrow();
        long asked = counts.values().stream().mapToLong(LongAdder::sum).sum();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .mapToLong(BufferPoolMXBean::getTotalCapacity)
                .sum();
        System.out.printf(
                Locale.ROOT,
                "%8d requests, heap %d, direct %d, resident %d MiB, %d threads%n",
                asked,
                heap,
                direct / MEGABYTE,
                resident / MEGABYTE,
                ManagementFactory.getThreadMXBean().getThreadCount());
        return resident;
    }

    private static void print(String name, List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        if (sorted.isEmpty()) {
            return;
        }
        System.out.printf(
                Locale.ROOT,
                "%s: %d values, p50 %.3f, p95 %.3f, p99 %.3f%n",
                name,
                sorted.size(),
                sorted.get(sorted.size() / 2),
                sorted.get((int) (sorted.size() * 0.95)),
                sorted.get((int) (sorted.size() * 0.99)));
    }
}
