package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.internvl.Precision;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.internal.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A step that is launched before its tokens are known is the step itself, and counts only if it is asked for. */
@Tag("any-jdk")
class StepAheadTest {
    private static final int SLOTS = 4;
    private static final int ROOM = 256;
    private static final int PROMPT = 5;
    private static final int[] BOTH = {0, 2}; // a slot between them is idle

    @BeforeEach
    void launchAheadOnTheCpuToo() {
        System.setProperty(LanguageModel.STEPS_AHEAD, "true");
    }

    @AfterEach
    void launchAheadOnGpusAlone() {
        System.clearProperty(LanguageModel.STEPS_AHEAD);
    }

    /** The result of work with a model that has prompts in its slots. */
    private static <T> T with(boolean whole, Function<LanguageModel, T> work) {
        Models.Format format = new Models.Format(NumberFormat.FLOAT32, Precision.FLOAT32, "cpu");
        try (Models models = Models.load(Checkpoint.open(TinyCheckpoint.qwen()), format, bytes -> {})) {
            LanguageModel model = models.language();
            return TorchRuntime.onOwnThread(() -> {
                if (whole) {
                    model.allocate(SLOTS, ROOM);
                }
                for (int slot = 0; slot < SLOTS; slot++) {
                    model.reserve(slot, ROOM, 0);
                    int[] ids = {3 + slot, 40, 41 + 2 * slot, 42, 43 + slot};
                    model.step(List.of(new TokenChunk(slot, 0, ids, PROMPT, TokenChunk.Visual.NONE, 1)))
                            .close();
                }
                return work.apply(model);
            });
        }
    }

    private static List<TokenChunk> next(int[] slots, int start, long... ids) {
        return IntStream.range(0, slots.length)
                .mapToObj(i ->
                        new TokenChunk(slots[i], start, new int[] {(int) ids[i]}, start + 1, TokenChunk.Visual.NONE, 1))
                .toList();
    }

    private static long[] best(LanguageModel model, List<TokenChunk> chunks, boolean likely) {
        try (Tensor logits = model.step(chunks, likely)) {
            return model.argmax(logits);
        }
    }

    /** Logits of the tokens after some that were chosen with a step ahead, or without, and what came between. */
    private static float[] after(LanguageModel model, boolean likely, Consumer<LanguageModel> between, int... asked) {
        long[] ids = best(model, next(BOTH, PROMPT, 50, 51), likely);
        assertThat(model.isAhead()).isEqualTo(likely);
        between.accept(model);
        long[] own = IntStream.of(asked).mapToLong(i -> ids[i]).toArray();
        int[] slots = IntStream.of(asked).map(i -> BOTH[i]).toArray();
        try (Tensor logits = model.step(next(slots, PROMPT + 1, own), likely)) {
            return model.floats(logits);
        }
    }

    private static void assertSame(
            boolean whole, Function<LanguageModel, float[]> ahead, Function<LanguageModel, float[]> alone) {
        float[] found = with(whole, ahead);
        float[] expected = with(whole, alone);
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(found[i]).as("logit %s", i).isCloseTo(expected[i], within(1e-3f));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void tokensAreThoseOfOneStepAfterTheOther(boolean whole) {
        Function<LanguageModel, List<Long>> ahead = model -> tokens(model, true);

        assertThat(with(whole, ahead)).isEqualTo(with(whole, model -> tokens(model, false)));
    }

    private static List<Long> tokens(LanguageModel model, boolean likely) {
        List<Long> all = new ArrayList<>();
        long[] ids = {50, 51};
        for (int i = 0; i < 12; i++) {
            assertThat(model.isAhead()).isEqualTo(likely && i > 0);
            ids = best(model, next(BOTH, PROMPT + i, ids), likely);
            all.addAll(List.of(ids[0], ids[1]));
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void oneOfTheSequencesMayEnd(boolean whole) {
        assertSame(whole, model -> after(model, true, m -> {}, 1), model -> after(model, false, m -> {}, 1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sequencesMayChangePlaces(boolean whole) {
        assertSame(whole, model -> after(model, true, m -> {}, 1, 0), model -> after(model, false, m -> {}, 1, 0));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void otherTokensAreComputedAnew(boolean whole) {
        Consumer<LanguageModel> other = model -> {
            best(model, next(BOTH, PROMPT + 1, 60, 61), false);
            assertThat(model.isAhead()).isFalse();
            best(model, next(BOTH, PROMPT, 50, 51), false);
        };

        assertSame(whole, model -> after(model, true, other, 0, 1), model -> after(model, false, m -> {}, 0, 1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSlotThatChangesIsNotLookedAtAgain(boolean whole) {
        Consumer<LanguageModel> change = model -> {
            model.clear(1, 0);
            assertThat(model.isAhead()).isFalse();
        };

        assertSame(whole, model -> after(model, true, change, 0, 1), model -> after(model, false, m -> {}, 0, 1));
    }
}
