package io.github.internvl.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.fixtures.Checkout;
import java.io.File;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fills the heap again and again while other threads chat, and shows that each caller gets an answer or an error, and that the
 * model serves afterwards. The test runs {@code main} in a JVM of its own with a heap of 128 MiB, for
 * {@code internvl.heapSoak.seconds} (8): native code of DJL and of the tokenizers may end a JVM whose heap is full at the moment
 * when it makes a Java object.
 */
class HeapSoak {
    private static final int SECONDS = Integer.getInteger("internvl.heapSoak.seconds", 8);

    @Test
    @Timeout(3600)
    void servesOnAfterTheHeapWasFullAndLeavesNobodyWaiting(@TempDir Path folder) throws Exception {
        File log = folder.resolve("soak.log").toFile();
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Load.class.getName(),
                        DemoModel.path().toString(),
                        String.valueOf(SECONDS)))
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        try {
            assertThat(process.waitFor(SECONDS + 180L, TimeUnit.SECONDS))
                    .as(() -> Checkout.read(log.toPath()))
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Checkout.read(log.toPath())).contains("heap filled").contains("SERVES ON");
    }

    /** The program of the other JVM: callers of one model, and a thread that fills the heap. */
    static final class Load {
        private static final int THREADS = 6;
        private static final int BLOCK = 50_000;

        private final InternVL model;
        private final ChatRequest request;
        private final AtomicBoolean over = new AtomicBoolean();
        private final Map<String, Integer> outcomes = new TreeMap<>();

        private Load(InternVL model) {
            this.model = model;
            this.request = ChatRequest.builder()
                    .text("What can you do?")
                    .timeout(Duration.ofMillis(500))
                    .generation(GenerationConfig.builder()
                            .ignoreEnd(true)
                            .maxNewTokens(200)
                            .logprobs(20)
                            .build())
                    .build();
        }

        public static void main(String[] arguments) throws Exception {
            PrintStream out = System.out;
            long seconds = Long.parseLong(arguments[1]);
            try (InternVL model = InternVL.load(Path.of(arguments[0]))) {
                String expected = model.chat("What can you do?").text();
                Load load = new Load(model);
                int times = load.run(Duration.ofSeconds(seconds));
                out.println("heap filled " + times + " times; " + load.outcomes);
                String again = model.chat("What can you do?").text();
                out.println(
                        again.equals(expected) && model.stats().failure().isEmpty() ? "SERVES ON" : "BROKEN: " + again);
            }
        }

        private int run(Duration time) throws InterruptedException {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                boolean async = i % 2 == 1;
                Thread thread = new Thread(() -> ask(async), "asking-" + i);
                thread.setDaemon(true);
                threads.add(thread);
                thread.start();
            }
            int times = 0;
            long end = System.nanoTime() + time.toNanos();
            while (System.nanoTime() - end < 0) {
                try {
                    times += fill() > 0 ? 1 : 0;
                } catch (OutOfMemoryError e) { // of compiled code that gives way to interpreted code
                    times++;
                }
                if (times % 3 == 0) {
                    Thread.sleep(100);
                }
            }
            over.set(true);
            for (Thread thread : threads) {
                thread.join(60_000);
                if (thread.isAlive()) {
                    throw new IllegalStateException(thread.getName() + " was never told");
                }
            }
            return times;
        }

        /** Takes all memory that there is, and lets go of it; how many blocks it was. */
        private static int fill() {
            List<byte[]> blocks = new ArrayList<>();
            try {
                while (true) {
                    blocks.add(new byte[BLOCK]);
                }
            } catch (OutOfMemoryError e) {
                return blocks.size();
            }
        }

        private void ask(boolean async) {
            while (!over.get()) {
                try {
                    CompletableFuture<ChatResponse> future = async ? model.chatAsync(request) : null;
                    ChatResponse response = future == null ? model.chat(request) : future.join();
                    note(response.finishReason().name());
                } catch (InternVLException | InvalidRequestException e) {
                    note(e.getClass().getSimpleName());
                } catch (Throwable e) { // of this thread's own allocations, most often
                    note(e);
                }
            }
        }

        private void note(Throwable e) {
            try {
                note(String.valueOf(
                        e.getCause() == null ? e.getClass() : e.getCause().getClass()));
            } catch (OutOfMemoryError again) {
                Thread.onSpinWait();
            }
        }

        private void note(String outcome) {
            synchronized (outcomes) {
                outcomes.merge(outcome, 1, Integer::sum);
            }
        }
    }
}
