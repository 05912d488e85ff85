package io.github.internvl.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatStream;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.Checkout;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
import org.junit.jupiter.api.Test;

/**
 * Asks a model from many threads for a long time, on Linux, and shows that its answers stay right and its memory flat. It
 * runs only when named:
 *
 * <pre>
 * mvn -pl benchmark -am -Dtest=Soak -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.soak=CHECKPOINT \
 *     "-Dsurefire.jvm.options=--enable-native-access=ALL-UNNAMED -Xms256m -Xmx256m -XX:+AlwaysPreTouch" test
 * </pre>
 *
 * With {@code internvl.soak.minutes} (2), {@code internvl.soak.threads} (8) and {@code internvl.soak.precision} (float32).
 * First each question is answered alone by a model that keeps nothing; then all threads ask them in any order, one by one,
 * streamed and in batches, with answers given up, times that run out and bad requests in between, and each whole answer
 * must be the one it got alone, unless that hung by a hair. After each tenth of the time comes a line, in MiB: heap in use after a collection, direct
 * buffers, resident memory, mapped files of it, and native memory, which is what is neither that nor the JVM's own. The
 * heap has one size from the start, so that it does not count as native while it fills. The second half must not need more
 * than the first.
 *
 * <p>In half precision some thousand requests are needed: oneDNN keeps a kernel for each shape that it meets, up to
 * 1024 of them.
 */
class Soak {
    private static final int MEGABYTE = 1 << 20;
    private static final int LINES = 10;
    private static final int KINDS = 30;
    private static final long SLACK = 32L * MEGABYTE;

    private final double minutes = Double.parseDouble(System.getProperty("internvl.soak.minutes", "2"));
    private final int threads = Integer.getInteger("internvl.soak.threads", 8);
    private final Map<String, LongAdder> counts = new ConcurrentSkipListMap<>();

    /**
     * The answer that a model gives to a request alone.
     *
     * @param firm whether the second best token is always so much less probable that no rounding makes it the best; what is
     *     computed in other chunks and batches differs in the last bits
     */
    private record Known(String text, boolean firm) {
        private static final double MARGIN = 0.01;

        static Known of(InternVL model, ChatRequest request) {
            GenerationConfig scored =
                    request.generation().toBuilder().logprobs(2).build();
            ChatResponse answer =
                    model.chat(request.toBuilder().generation(scored).build());
            boolean firm = answer.tokens().stream()
                    .map(ChatResponse.TokenScore::best)
                    .allMatch(best -> best.get(0).logprob() - best.get(1).logprob() > MARGIN);
            return new Known(answer.text(), firm);
        }
    }

    private record Memory(long heap, long direct, long resident, long mapped, long nativeBytes) {}

    @Test
    void answersStayRightAndMemoryFlat() throws Exception {
        Path folder = Checkout.ROOT.resolve(System.getProperty("internvl.soak", "models/internvl-demo"));
        String precision = System.getProperty("internvl.soak.precision", "float32");
        InternVLBuilder builder =
                InternVL.builder(folder).device("cpu").precision(Precision.valueOf(precision.toUpperCase(Locale.ROOT)));
        List<ChatRequest> requests =
                IntStream.range(0, KINDS).mapToObj(Soak::request).toList();
        List<Known> alone;
        try (InternVL model = builder.maxConcurrent(1).visualCacheBytes(0).load()) {
            alone = requests.stream().map(request -> Known.of(model, request)).toList();
        }
        System.out.println(alone.stream().filter(Known::firm).count() + " of " + KINDS + " answers are compared");
        List<Memory> memory = new ArrayList<>();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try (InternVL model =
                builder.maxConcurrent(4).visualCacheBytes(8 * MEGABYTE).load()) {
            System.out.printf(
                    "%8s %8s %8s %8s %8s %8s %8s%n",
                    "requests", "seconds", "heap", "direct", "rss", "mapped", "native");
            long start = System.nanoTime();
            for (int line = 1; line <= LINES; line++) {
                long end = start + (long) (line * minutes * 60e9 / LINES);
                int seed = line * threads;
                List<Callable<Boolean>> askers = IntStream.range(0, threads)
                        .<Callable<Boolean>>mapToObj(thread -> () -> ask(model, requests, alone, seed + thread, end))
                        .toList();
                for (Future<Boolean> asker : pool.invokeAll(askers)) {
                    asker.get();
                }
                memory.add(measure());
                print(memory.get(line - 1), (System.nanoTime() - start) / 1e9);
            }
            check(alone, 0, model.chat(requests.get(0)));
        } finally {
            pool.shutdownNow();
        }
        System.out.println(counts);
        Memory middle = memory.get(LINES / 2 - 1);
        Memory last = memory.get(LINES - 1);
        assertThat(last.heap()).as("heap in bytes").isLessThan(middle.heap() + SLACK);
        assertThat(last.nativeBytes()).as("native memory in bytes").isLessThan(middle.nativeBytes() + SLACK);
    }

    private void print(Memory now, double seconds) {
        System.out.printf(
                Locale.ROOT,
                "%8d %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f%n",
                counts.values().stream().mapToLong(LongAdder::sum).sum(),
                seconds,
                megabytes(now.heap()),
                megabytes(now.direct()),
                megabytes(now.resident()),
                megabytes(now.mapped()),
                megabytes(now.nativeBytes()));
    }

    /** A question to text, to one picture or several of any size, or with a history; some answers are sampled. */
    private static ChatRequest request(int kind) {
        Random random = new Random(kind);
        ChatRequest.Builder request = ChatRequest.builder().maxNewTokens(8 + random.nextInt(57));
        switch (kind % 6) {
            case 0 -> request.text("Who are you? Answer number " + kind + ".");
            case 1 -> request.text("<image>\nDescribe the image.", picture(random));
            case 2 -> request.text("<image>\nCompare them.", picture(random), picture(random));
            case 3 ->
                request.text("And now?")
                        .history(List.of(
                                new ChatRequest.Turn("<image>\nWhat is it?", List.of(picture(random)), "A picture.")));
            case 4 ->
                request.text("Image-1: <image>\nImage-2: <image>\nWhich?", picture(random), picture(random))
                        .temperature(0.8)
                        .seed(kind);
            default -> request.text("What?", picture(random));
        }
        return request.build();
    }

    /** Asks until the time is over. */
    private Boolean ask(InternVL model, List<ChatRequest> requests, List<Known> alone, long seed, long end) {
        Random random = new Random(seed);
        while (System.nanoTime() < end) {
            int number = random.nextInt(KINDS);
            ChatRequest request = requests.get(number);
            String kind = List.of("chat", "chat", "batch", "streamed", "given up", "late", "bad")
                    .get(random.nextInt(7));
            switch (kind) {
                case "chat" -> check(alone, number, model.chat(request));
                case "batch" -> {
                    int other = random.nextInt(KINDS);
                    List<ChatResponse> both = model.batchChat(List.of(request, requests.get(other)));
                    check(alone, number, both.get(0));
                    check(alone, other, both.get(1));
                }
                case "streamed" -> {
                    StringBuilder text = new StringBuilder();
                    try (ChatStream stream = model.stream(request)) {
                        stream.forEach(text::append);
                        check(alone, number, stream.response());
                        assertThat(text).hasToString(stream.response().text());
                    }
                }
                case "given up" -> {
                    try (ChatStream stream = model.stream(request)) {
                        if (random.nextBoolean()) {
                            boolean unused = stream.iterator().hasNext(); // waits for the first piece
                        }
                    }
                }
                case "late" -> {
                    Duration time = Duration.ofMillis(1 + random.nextInt(2000));
                    ChatResponse answer =
                            model.chat(request.toBuilder().timeout(time).build());
                    if (answer.finishReason() != ChatResponse.FinishReason.TIMEOUT) {
                        check(alone, number, answer);
                    }
                }
                default ->
                    assertThatExceptionOfType(InvalidRequestException.class)
                            .isThrownBy(() -> model.chat("<image> and no picture"));
            }
            counts.computeIfAbsent(kind, any -> new LongAdder()).increment();
        }
        return true;
    }

    private static void check(List<Known> alone, int number, ChatResponse answer) {
        if (alone.get(number).firm()) {
            assertThat(answer.text())
                    .as("answer to question %s", number)
                    .isEqualTo(alone.get(number).text());
        }
    }

    private static Image picture(Random random) {
        int width = 40 + random.nextInt(1200);
        int height = 40 + random.nextInt(1200);
        byte[] rgb = new byte[width * height * 3];
        random.nextBytes(rgb);
        return Image.ofRgb(width, height, rgb);
    }

    private static Memory measure() throws IOException {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        MemoryMXBean jvm = ManagementFactory.getMemoryMXBean();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        long anonymous = status("RssAnon");
        long java = jvm.getHeapMemoryUsage().getCommitted()
                + jvm.getNonHeapMemoryUsage().getCommitted();
        return new Memory(
                jvm.getHeapMemoryUsage().getUsed(), direct, status("VmRSS"), status("RssFile"), anonymous - java);
    }

    /** A line of /proc/self/status in bytes. */
    private static long status(String key) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith(key + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElseThrow();
    }

    private static double megabytes(long bytes) {
        return (double) bytes / MEGABYTE;
    }
}
