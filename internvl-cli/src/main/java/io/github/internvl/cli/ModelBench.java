package io.github.internvl.cli;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.internal.model.Roofline;
import io.github.internvl.vision.Image;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Benchmarks of a loaded model: tile encoding, prefill, decode, and several callers at once. No request shares a prefix with an
 * earlier one, so that no cache helps.
 */
final class ModelBench {
    private static final int NEW_TOKENS = 64;
    private static final int[] CALLERS = {8, 32};

    private final InternVL model;
    private final Benchmark bench;
    private final Roofline limits;
    private int requests;

    ModelBench(InternVL model, Benchmark bench, Roofline limits) {
        this.model = model;
        this.bench = bench;
        this.limits = limits;
    }

    void run() {
        int side = model.info().tileSize();
        vision("vision_1tile", side, side);
        vision("vision_7tiles", 3 * side, 2 * side);
        for (int context : new int[] {300, 2000}) {
            if (context + NEW_TOKENS < model.contextLength()) {
                prefill(context);
            }
        }
        for (int context : new int[] {300, 2000}) {
            if (context + NEW_TOKENS < model.contextLength()) {
                decode(context);
            }
        }
        for (int callers : CALLERS) {
            if (callers <= model.maxConcurrent()) {
                manyCallers(callers);
            }
        }
        generate(side);
    }

    private void vision(String name, int width, int height) {
        bench.measure(name, "s/tile", limits.vision(), () -> {
            int tiles =
                    (width / model.info().tileSize()) * (height / model.info().tileSize());
            ChatResponse answer = model.chat(request(noise(width, height), tiles, 0, 1));
            return seconds(answer.timings().vision()) / (tiles == 1 ? 1 : tiles + 1);
        });
    }

    private void prefill(int tokens) {
        bench.with(Map.of("prompt_tokens", tokens)).measure("prefill_" + tokens, "tok/s", limits.prefill(), () -> {
            ChatResponse answer = model.chat(request(null, 1, tokens, 1));
            ChatResponse.Usage usage = answer.usage();
            return (usage.promptTokens() - usage.cachedTokens())
                    / seconds(answer.timings().prefill());
        });
    }

    private void decode(int context) {
        Map<String, Object> tags = Map.of("prompt_tokens", context, "bytes_per_token", limits.bytesPerToken());
        bench.with(tags).measure("decode_" + context, "tok/s", limits.decode(), () -> {
            ChatResponse answer = model.chat(request(null, 1, context, NEW_TOKENS + 1));
            return NEW_TOKENS / seconds(answer.timings().decode());
        });
    }

    /** Tokens per second of all callers together, from the last one's first token to the first one's last. */
    private void manyCallers(int callers) {
        double limit = Math.min(callers * limits.decode(), limits.prefill()); // all read the weights once
        bench.with(Map.of("callers", callers)).measure("decode_300_x" + callers, "tok/s", limit, () -> {
            List<List<Long>> times = new ArrayList<>();
            List<ChatRequest> batch = new ArrayList<>();
            for (int caller = 0; caller < callers; caller++) {
                List<Long> own = Collections.synchronizedList(new ArrayList<>());
                times.add(own);
                batch.add(request(null, 1, 300, 2 * NEW_TOKENS, token -> own.add(System.nanoTime())));
            }
            model.batchChat(batch);
            return rate(times);
        });
    }

    private static double rate(List<List<Long>> times) {
        long from = times.stream().mapToLong(own -> own.get(0)).max().orElseThrow();
        long to = times.stream().mapToLong(own -> own.get(own.size() - 1)).min().orElseThrow();
        long tokens = times.stream()
                .flatMap(List::stream)
                .filter(time -> time > from && time <= to)
                .count();
        return tokens / ((to - from) / 1e9);
    }

    private void generate(int side) {
        bench.measure("generate_1tile_300_" + NEW_TOKENS, "s", () -> {
            ChatRequest request = request(noise(side, side), 1, 300, NEW_TOKENS);
            return Benchmark.seconds(() -> model.chat(request));
        });
    }

    /** A request with a unique beginning, whose text fills the prompt to {@code tokens}, pictures not counted. */
    private ChatRequest request(@Nullable Image picture, int tiles, int tokens, int newTokens) {
        return request(picture, tiles, tokens, newTokens, token -> true);
    }

    private ChatRequest request(@Nullable Image picture, int tiles, int tokens, int newTokens, IntPredicate listener) {
        int number = ++requests;
        int low = 1;
        int high = Math.max(2, 8 * tokens);
        while (low + 1 < high) {
            int middle = (low + high) / 2;
            if (model.countTokens(text(number, middle).build()) <= tokens) {
                low = middle;
            } else {
                high = middle;
            }
        }
        ChatRequest.Builder request = text(number, low)
                .maxTiles(tiles)
                .generation(GenerationConfig.builder()
                        .maxNewTokens(newTokens)
                        .ignoreEnd(true)
                        .tokenListener(listener)
                        .build());
        return picture == null
                ? request.build()
                : request.images(List.of(picture)).build();
    }

    private static ChatRequest.Builder text(int number, int characters) {
        return ChatRequest.builder().systemMessage("Run " + number).text(PreprocessBench.mixedText(characters, number));
    }

    private Image noise(int width, int height) {
        byte[] rgb = new byte[width * height * 3];
        new Random(requests).nextBytes(rgb);
        return Image.ofRgb(width, height, rgb);
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }
}
