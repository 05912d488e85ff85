package io.github.internvl.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatStream;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.Precision;
import io.github.internvl.Turn;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Asks a model for a long time and shows that memory stays flat, on Linux. It runs only when named:
 *
 * <pre>
 * mvn -pl src/test -am -Dtest=Soak -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.soak=CHECKPOINT \
 *     "-Dsurefire.jvm.options=--enable-native-access=ALL-UNNAMED -Xms256m -Xmx256m -XX:+AlwaysPreTouch" test
 * </pre>
 *
 * With {@code internvl.soak.requests} (500), {@code internvl.soak.threads} (4) and {@code internvl.soak.precision}
 * (float32). After each tenth of the requests comes a line, in MiB: heap in use after a collection, direct buffers,
 * resident memory, mapped files of it, and native memory, which is what is neither that nor the JVM's own. The heap has
 * one size from the start, so that it does not count as native while it fills. The second half must not need more than
 * the first.
 *
 * <p>In half precision some thousand requests are needed: oneDNN keeps a kernel for each shape that it meets, up to
 * 1024 of them.
 */
class Soak {
    private static final int MEGABYTE = 1 << 20;
    private static final int LINES = 10;
    private static final int KINDS = 30;
    private static final long SLACK = 32L * MEGABYTE;

    private final int requests = Integer.getInteger("internvl.soak.requests", 500);
    private final int threads = Integer.getInteger("internvl.soak.threads", 4);

    private record Memory(long heap, long direct, long resident, long mapped, long nativeBytes) {}

    @Test
    void memoryStaysFlat() throws Exception {
        Path folder = Checkout.ROOT.resolve(System.getProperty("internvl.soak", "models/internvl-demo"));
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<Memory> memory = new ArrayList<>();
        String precision = System.getProperty("internvl.soak.precision", "float32");
        InternVLBuilder builder =
                InternVL.builder(folder).device("cpu").precision(Precision.valueOf(precision.toUpperCase(Locale.ROOT)));
        try (InternVL model = builder.load()) {
            System.out.printf(
                    "%8s %8s %8s %8s %8s %8s %8s%n",
                    "requests", "seconds", "heap", "direct", "rss", "mapped", "native");
            long start = System.nanoTime();
            for (int line = 1; line <= LINES; line++) {
                int from = (line - 1) * requests / LINES;
                int to = line * requests / LINES;
                List<Callable<Integer>> asks = IntStream.range(from, to)
                        .<Callable<Integer>>mapToObj(number -> () -> ask(model, number % KINDS))
                        .toList();
                for (Future<Integer> ask : pool.invokeAll(asks)) {
                    ask.get();
                }
                Memory now = measure();
                memory.add(now);
                System.out.printf(
                        Locale.ROOT,
                        "%8d %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f%n",
                        to,
                        (System.nanoTime() - start) / 1e9,
                        megabytes(now.heap()),
                        megabytes(now.direct()),
                        megabytes(now.resident()),
                        megabytes(now.mapped()),
                        megabytes(now.nativeBytes()));
            }
        } finally {
            pool.shutdownNow();
        }
        Memory middle = memory.get(LINES / 2 - 1);
        Memory last = memory.get(LINES - 1);
        assertThat(last.heap()).as("heap in bytes").isLessThan(middle.heap() + SLACK);
        assertThat(last.nativeBytes()).as("native memory in bytes").isLessThan(middle.nativeBytes() + SLACK);
    }

    /** Asks for one kind of answer: to text, to pictures of any size, with a history, sampled, given up; its tokens. */
    private static int ask(InternVL model, int kind) {
        Random random = new Random(kind);
        ChatRequest.Builder request = ChatRequest.builder().maxNewTokens(8 + random.nextInt(57));
        switch (kind % 6) {
            case 0 -> request.text("Who are you? Answer number " + kind + ".");
            case 1 -> request.text("<image>\nDescribe the image.", picture(random));
            case 2 -> request.text("<image>\nCompare them.", picture(random), picture(random));
            case 3 ->
                request.text("And now?")
                        .history(List.of(new Turn("<image>\nWhat is it?", List.of(picture(random)), "A picture.")));
            case 4 ->
                request.text("Image-1: <image>\nImage-2: <image>\nWhich?", picture(random), picture(random))
                        .temperature(0.8)
                        .seed(kind);
            default -> {
                try (ChatStream stream =
                        model.stream(request.text("What?", picture(random)).build())) {
                    return stream.iterator().hasNext() ? 1 : 0;
                }
            }
        }
        return model.chat(request.build()).usage().generatedTokens();
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
