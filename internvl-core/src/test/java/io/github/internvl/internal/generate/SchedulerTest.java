package io.github.internvl.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.GenerationConfig;
import io.github.internvl.TinyCheckpoint;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.ImageProcessor;
import io.github.internvl.vision.PixelTiles;
import io.github.internvl.vision.TilingOptions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private static final Tokenizer TOKENIZER = Tokenizer.load(TinyCheckpoint.qwen());
    private static final Generation.Listener NOBODY = new Generation.Listener() {
        @Override
        public void onText(String text) {}

        @Override
        public void onEnd(Generation generation) {}

        @Override
        public void onFailure(RuntimeException failure) {}
    };

    private final Scheduler scheduler = new Scheduler(2, 10);

    @AfterAll
    static void close() {
        TOKENIZER.close();
    }

    @Test
    void givesSlotsInTheOrderOfArrival() {
        Sequence first = add(3);
        Sequence second = add(3);
        Sequence third = add(3);

        assertThat(scheduler.admit()).containsExactly(first, second);
        assertThat(scheduler.admit()).isEmpty();
        scheduler.release(first);
        assertThat(scheduler.admit()).containsExactly(third);
        assertThat(third.slots()).isEqualTo(first.slots());
        assertThat(second.slots()).isNotEqualTo(third.slots());
    }

    @Test
    void letsThoseWaitThatNeedMoreSlotsThanAreFree() {
        Sequence narrow = add(3);
        Sequence wide = add(GenerationConfig.builder().beams(2).build(), 3);
        Sequence last = add(3);

        assertThat(scheduler.admit()).containsExactly(narrow);
        scheduler.release(narrow);
        assertThat(scheduler.admit()).containsExactly(wide);
        assertThat(wide.slots()).containsExactly(0, 1);
        assertThat(scheduler.plan()).containsExactly(new Scheduler.Row(wide, 0, 0, 3));
        scheduler.release(wide);
        assertThat(scheduler.admit()).containsExactly(last);
    }

    @Test
    void takesOneTokenOfEachBranchOfAnAnswer() {
        Sequence wide = add(GenerationConfig.builder().answers(2).topK(1).build(), 3);
        scheduler.admit();
        wide.promptComputed(3);
        float[] logits = {0, 0, 0, 2, 1};
        assertThat(wide.advance(new LogitRows(new int[] {3}, logits, 0, 5)))
                .containsExactly(new Sequence.SlotCopy(0, 1, 0, 3));

        assertThat(scheduler.plan())
                .containsExactly(new Scheduler.Row(wide, 0, 3, 1), new Scheduler.Row(wide, 1, 3, 1));
        assertThat(wide.tokens(1, 3, 4)).containsExactly(3);
    }

    @Test
    void fillsAStepWithPromptsUpToItsBound() {
        Sequence first = add(7);
        Sequence second = add(7);
        scheduler.admit();

        assertThat(scheduler.plan())
                .containsExactly(new Scheduler.Row(first, 0, 0, 7), new Scheduler.Row(second, 0, 0, 3));
        first.promptComputed(7);
        second.promptComputed(3);
        append(first);
        assertThat(scheduler.plan())
                .containsExactly(new Scheduler.Row(first, 0, 7, 1), new Scheduler.Row(second, 0, 3, 4));
    }

    @Test
    void cutsALongPromptWhileOthersAreAnswered() {
        Sequence answering = add(2);
        Sequence lengthy = add(55);
        scheduler.admit();
        answering.promptComputed(2);
        append(answering);
        for (int step = 0; step < 5; step++) {
            List<Scheduler.Row> rows = scheduler.plan();
            assertThat(rows)
                    .containsExactly(
                            new Scheduler.Row(answering, 0, 2 + step, 1), new Scheduler.Row(lengthy, 0, 10 * step, 10));
            assertThat(rows.get(0).isLast()).isTrue();
            assertThat(rows.get(1).isLast()).isFalse();
            append(answering);
            lengthy.promptComputed(10);
        }
        assertThat(scheduler.plan().get(1).isLast()).isTrue();
    }

    @Test
    void letsAPictureBeEncodedBeforeItsPrompt() {
        PixelTiles tiles = new ImageProcessor(1)
                .tile(
                        Image.open(TinyCheckpoint.picture("river.png")),
                        TilingOptions.defaults().withTileSize(20).withMaxTiles(4));
        Sequence seeing = add(5, tiles);
        Sequence reading = add(5);
        scheduler.admit();

        assertThat(scheduler.nextForVision()).isSameAs(seeing);
        assertThat(scheduler.plan()).containsExactly(new Scheduler.Row(reading, 0, 0, 5));
        seeing.tilesEncoded(tiles.count(), 1);
        assertThat(scheduler.nextForVision()).isNull();
        assertThat(scheduler.plan()).hasSize(2);
    }

    @Test
    void takesOutWhatIsCancelledWhetherWaitingOrNot() {
        Sequence first = add(3);
        Sequence second = add(3);
        Sequence waiting = add(3);
        scheduler.admit();
        first.cancel();
        waiting.cancel();

        assertThat(scheduler.removeCancelled()).containsExactlyInAnyOrder(first, waiting);
        assertThat(scheduler.plan()).extracting(Scheduler.Row::sequence).containsExactly(second);
        assertThat(scheduler.removeAll()).containsExactly(second);
        assertThat(scheduler.isIdle()).isTrue();
    }

    private static void append(Sequence sequence) {
        sequence.advance(new LogitRows(new int[] {1}, new float[0], 0, 0));
    }

    private Sequence add(int promptTokens, PixelTiles... pictures) {
        return add(GenerationConfig.defaults(), promptTokens, pictures);
    }

    private Sequence add(GenerationConfig config, int promptTokens, PixelTiles... pictures) {
        GenerationRequest request = new GenerationRequest(
                new TokenPrompt(new int[promptTokens], new int[0]),
                List.of(pictures),
                config,
                Set.of(),
                List.of(),
                new int[0],
                List.of());
        Sequence sequence = new Sequence(request, NOBODY, () -> TOKENIZER.decoder(true), 1000);
        scheduler.add(sequence);
        return sequence;
    }
}
