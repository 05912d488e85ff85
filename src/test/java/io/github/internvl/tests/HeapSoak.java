package io.github.internvl.tests;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.InvalidRequestException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Fills the heap again and again while other threads chat, and shows that everyone is answered or told, and that the model
 * serves afterwards. A program: {@code main} takes the checkpoint and the seconds; give it a
 * small heap. {@link HeapSoakTest} runs it in a JVM of its own when it is named:
 *
 * <pre>
 * mvn -pl src/test -am -Dtest=HeapSoakTest -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.heapSoak.seconds=600 verify
 * </pre>
 */
final class HeapSoak {
    private static final int THREADS = 6;
    private static final int BLOCK = 50_000;

    private final InternVL model;
    private final ChatRequest request;
    private final AtomicBoolean over = new AtomicBoolean();
    private final Map<String, Integer> outcomes = new TreeMap<>();

    private HeapSoak(InternVL model) {
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
            HeapSoak soak = new HeapSoak(model);
            int times = soak.run(Duration.ofSeconds(seconds));
            out.println("heap filled " + times + " times; " + soak.outcomes);
            String again = model.chat("What can you do?").text();
            out.println(again.equals(expected) && model.stats().failure().isEmpty() ? "SERVES ON" : "BROKEN: " + again);
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
