package io.github.internvl.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatStream;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.Checkout;
import io.github.internvl.vision.Image;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Loads a model and prints how an engine serves many callers, all in one run: tokens per second of 1, 2, 4 and 8 requests
 * at once, how long a short question waits for its first token alone and while six tiles of another one are computed, and
 * how long a second question about a picture takes with and without what is kept of the first. It runs only when named:
 *
 * <pre>
 * mvn -pl benchmark -am -Dtest=EngineTable -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.engine=FOLDER test
 * </pre>
 */
class EngineTable {
    private static final int NEW_TOKENS = Integer.getInteger("internvl.engine.tokens", 32);
    private static final PrintStream OUT = System.out;

    private final Path folder = Checkout.ROOT.resolve(System.getProperty("internvl.engine", "models/internvl-demo"));
    private final Precision precision = Precision.valueOf(System.getProperty("internvl.engine.precision", "FLOAT32"));
    private int questions;

    private InternVLBuilder builder() {
        return InternVL.builder(folder).device("cpu").precision(precision);
    }

    /** A question that begins as no other; its answer does not end by itself. */
    private ChatRequest.Builder fresh(String text, Image... pictures) {
        return ChatRequest.builder()
                .systemMessage("Question " + questions++)
                .text(text, pictures)
                .maxNewTokens(NEW_TOKENS);
    }

    private ChatRequest.Builder endless(ChatRequest.Builder request) {
        ChatRequest made = request.build();
        return made.toBuilder()
                .generation(made.generation().toBuilder().ignoreEnd(true).build());
    }

    @Test
    void printsWhatManyCallersGet() {
        try (InternVL model = builder().load()) {
            model.chat(endless(fresh("Warm up.")).build());
            throughput(model);
            firstToken(model);
            secondQuestion(model);
        }
        try (InternVL model = builder().maxConcurrent(1).visualCacheBytes(0).load()) {
            model.chat(endless(fresh("Warm up.")).build());
            double seconds = secondQuestion(model, true);
            OUT.printf(Locale.ROOT, "second question about a picture, nothing kept: %.2f s%n", seconds);
        }
    }

    private void throughput(InternVL model) {
        for (int callers : new int[] {1, 2, 4, 8}) {
            List<ChatRequest> batch = IntStream.range(0, callers)
                    .mapToObj(i -> endless(fresh("Say something.")).build())
                    .toList();
            long start = System.nanoTime();
            List<ChatResponse> answers = model.batchChat(batch);
            double seconds = seconds(start);
            assertThat(answers).allMatch(answer -> answer.usage().generatedTokens() == NEW_TOKENS);
            OUT.printf(
                    Locale.ROOT,
                    "%d at once: %.1f tokens/s, prompts of %d tokens included%n",
                    callers,
                    callers * NEW_TOKENS / seconds,
                    answers.get(0).usage().promptTokens());
        }
    }

    private void firstToken(InternVL model) {
        OUT.printf(Locale.ROOT, "first token of a short question, alone: %.2f s%n", first(model, fresh("Hello.")));
        ChatRequest lengthy =
                endless(fresh("Describe it.", picture(1))).maxTiles(6).build();
        try (ChatStream other = model.stream(lengthy)) {
            double busy = first(model, fresh("Hello."));
            long start = System.nanoTime();
            assertThat(other.iterator().hasNext()).isTrue();
            OUT.printf(
                    Locale.ROOT,
                    "first token of a short question during a prompt with %d tiles: %.2f s; the long one's came %.2f s later%n",
                    6 + 1,
                    busy,
                    seconds(start));
        }
    }

    private static double first(InternVL model, ChatRequest.Builder request) {
        long start = System.nanoTime();
        ChatResponse answer = model.chat(request.maxNewTokens(1).build());
        assertThat(answer.usage().generatedTokens()).isEqualTo(1);
        return seconds(start);
    }

    private void secondQuestion(InternVL model) {
        OUT.printf(Locale.ROOT, "second question about a picture: %.2f s%n", secondQuestion(model, false));
    }

    private double secondQuestion(InternVL model, boolean between) {
        Conversation talk = model.conversation();
        talk.ask(fresh("What is it?", picture(2)).maxTiles(6).maxNewTokens(8).build());
        if (between) {
            model.chat(fresh("Something else?").maxNewTokens(1).build());
        }
        long start = System.nanoTime();
        talk.ask(ChatRequest.builder().text("And what else?").maxNewTokens(8).build());
        return seconds(start);
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    /** Noise that is cut into two by three tiles. */
    private static Image picture(long seed) {
        byte[] rgb = new byte[1344 * 896 * 3];
        new Random(seed).nextBytes(rgb);
        return Image.ofRgb(1344, 896, rgb);
    }
}
