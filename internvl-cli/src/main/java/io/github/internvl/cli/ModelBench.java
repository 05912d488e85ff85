package io.github.internvl.cli;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What a loaded model does in how much time: encoding tiles, computing prompts, generating, and several callers at once.
 * Every request is new to the model, so that nothing of an earlier one can serve it.
 */
final class ModelBench {
    private static final int NEW_TOKENS = 64;
    private static final int CALLERS = 8;

    private final InternVL model;
    private final Stopwatch watch;
    private int requests;

    ModelBench(InternVL model, Stopwatch watch) {
        this.model = model;
        this.watch = watch;
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
        manyCallers();
        generate(side);
    }

    private void vision(String name, int width, int height) {
        watch.figure(name, "s/tile", () -> {
            int tiles =
                    (width / model.info().tileSize()) * (height / model.info().tileSize());
            ChatResponse answer = model.chat(request(noise(width, height), tiles, 0, 1));
            return seconds(answer.timings().vision()) / (tiles == 1 ? 1 : tiles + 1);
        });
    }

    private void prefill(int tokens) {
        measured("prefill_" + tokens, tokens, 1, answer -> {
            ChatResponse.Usage usage = answer.usage();
            return (usage.promptTokens() - usage.cachedTokens())
                    / seconds(answer.timings().prefill());
        });
    }

    private void decode(int context) {
        measured(
                "decode_" + context,
                context,
                NEW_TOKENS + 1,
                answer -> NEW_TOKENS / seconds(answer.timings().decode()));
    }

    private void measured(String name, int prompt, int newTokens, Function<ChatResponse, Double> value) {
        watch.with(Map.of("prompt_tokens", prompt))
                .figure(name, "tok/s", () -> value.apply(model.chat(request(null, 1, prompt, newTokens))));
    }

    /** Tokens per second of all callers together; computing the prompts of those that come later counts too. */
    private void manyCallers() {
        watch.with(Map.of("callers", CALLERS)).figure("decode_300_x" + CALLERS, "tok/s", () -> {
            List<ChatRequest> batch = IntStream.range(0, CALLERS)
                    .mapToObj(caller -> request(null, 1, 300, NEW_TOKENS + 1))
                    .toList();
            return batchRate(batch);
        });
    }

    private double batchRate(List<ChatRequest> batch) {
        double longest = model.batchChat(batch).stream()
                .mapToDouble(answer -> seconds(answer.timings().decode()))
                .max()
                .orElseThrow();
        return batch.size() * NEW_TOKENS / longest;
    }

    private void generate(int side) {
        watch.figure("generate_1tile_300_" + NEW_TOKENS, "s", () -> {
            ChatRequest request = request(noise(side, side), 1, 300, NEW_TOKENS);
            return Stopwatch.seconds(() -> model.chat(request));
        });
    }

    /** A request that begins as no other; its text fills the prompt up to so many tokens, pictures not counted. */
    private ChatRequest request(@Nullable Image picture, int tiles, int tokens, int newTokens) {
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
