package io.github.internvl.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.GenerationConfig;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.engine.LogitsPipeline.AwaitedProcessor;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import io.github.internvl.internal.engine.SlotContent.TileHash;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.tiles.ImageProcessor;
import io.github.internvl.vision.tiles.PixelTiles;
import io.github.internvl.vision.tiles.TilingOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
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

    private final SlotPool pool = new SlotPool(2, 4096, Integer.MAX_VALUE);
    private int prompts;
    private final Scheduler scheduler = new Scheduler(pool, 10);

    @AfterAll
    static void close() {
        TOKENIZER.close();
    }

    @Test
    void givesSlotsInTheOrderOfArrival() {
        Sequence first = add(3);
        Sequence second = add(3);
        Sequence third = add(3);

        assertThat(admitted()).containsExactly(first, second);
        assertThat(admitted()).isEmpty();
        scheduler.release(first);
        assertThat(admitted()).containsExactly(third);
        assertThat(third.slots()).isEqualTo(first.slots());
        assertThat(second.slots()).isNotEqualTo(third.slots());
    }

    @Test
    void letsThoseWaitThatNeedMoreSlotsThanAreFree() {
        Sequence narrow = add(3);
        Sequence wide = add(GenerationConfig.builder().beams(2).build(), 3);
        Sequence last = add(3);

        assertThat(admitted()).containsExactly(narrow);
        scheduler.release(narrow);
        assertThat(admitted()).containsExactly(wide);
        assertThat(wide.slots()).containsExactlyInAnyOrder(0, 1);
        assertThat(scheduler.plan()).containsExactly(new Scheduler.Row(wide, 0, 0, 3));
        scheduler.release(wide);
        assertThat(admitted()).containsExactly(last);
    }

    @Test
    void takesOneTokenOfEachBranchOfAnAnswer() {
        Sequence wide = add(GenerationConfig.builder().answers(2).topK(1).build(), 3);
        admitted();
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
        admitted();

        assertThat(scheduler.plan())
                .containsExactly(new Scheduler.Row(first, 0, 0, 7), new Scheduler.Row(second, 0, 0, 3));
        first.promptComputed(7);
        second.promptComputed(3);
        append(first);
        assertThat(scheduler.plan())
                .containsExactly(new Scheduler.Row(first, 0, 7, 1), new Scheduler.Row(second, 0, 3, 4));
    }

    @Test
    void letsAShortPromptPastALongOneThatGetsHalf() {
        Sequence lengthy = add(55);
        Sequence brief = add(4);
        admitted();

        assertThat(scheduler.plan())
                .containsExactly(new Scheduler.Row(lengthy, 0, 0, 6), new Scheduler.Row(brief, 0, 0, 4));
    }

    @Test
    void servesAHigherPriorityFirst() {
        Sequence usual = add(3);
        Sequence late = add(3);
        Sequence urgent = add(GenerationConfig.defaults(), 3, 1);
        Sequence idle = add(GenerationConfig.defaults(), 3, -1);
        Sequence urgentToo = add(GenerationConfig.defaults(), 3, 1);

        assertThat(admitted()).containsExactly(urgent, urgentToo);
        scheduler.release(urgent);
        scheduler.release(urgentToo);
        assertThat(admitted()).containsExactly(usual, late);
        scheduler.release(usual);
        assertThat(admitted()).containsExactly(idle);
    }

    @Test
    void cutsALongPromptWhileOthersAreAnswered() {
        Sequence answering = add(2);
        Sequence lengthy = add(55);
        admitted();
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
        admitted();

        assertThat(scheduler.nextForVision()).isSameAs(seeing);
        assertThat(scheduler.plan()).containsExactly(new Scheduler.Row(reading, 0, 0, 5));
        try (VisualCache cache = new VisualCache(100)) {
            for (TileHash tile : seeing.content().tiles()) {
                seeing.visual().add(cache.put(tile, Tensor.of(1)));
            }
            assertThat(scheduler.nextForVision()).isNull();
        }
        assertThat(scheduler.plan()).hasSize(2);
    }

    @Test
    void takesOutWhatIsCancelledWhetherWaitingOrNot() {
        Sequence first = add(3);
        Sequence second = add(3);
        Sequence waiting = add(3);
        admitted();
        first.cancel();
        waiting.cancel();

        assertThat(scheduler.due())
                .containsOnly(Map.entry(first, FinishReason.CANCELLED), Map.entry(waiting, FinishReason.CANCELLED));
        scheduler.due().keySet().forEach(scheduler::release);
        assertThat(scheduler.plan()).extracting(Scheduler.Row::sequence).containsExactly(second);
        assertThat(scheduler.newest()).isEqualTo(second);
        scheduler.release(second);
        assertThat(scheduler.isIdle()).isTrue();
    }

    @Test
    void leavesOutAnAnswerUntilTheRuleOfItsFormatIsReady() {
        AtomicBoolean ready = new AtomicBoolean();
        AwaitedProcessor rule = new AwaitedProcessor() {
            @Override
            public boolean isReady(int[] generated) {
                return ready.get();
            }

            @Override
            public void process(int[] generated, float[] logits) {}

            @Override
            public void end() {}
        };
        Sequence held = add(GenerationConfig.builder().processors(rule).build(), 3);
        Sequence free = add(2);
        assertThat(admitted()).containsExactly(held, free);
        assertThat(scheduler.plan()).hasSize(2); // a prompt needs no rule
        held.promptComputed(3);
        free.promptComputed(2);
        held.advance(new LogitRows(new int[] {1}, new float[2], 0, 2));
        append(free);

        assertThat(scheduler.plan()).extracting(Scheduler.Row::sequence).containsExactly(free);
        ready.set(true);
        assertThat(scheduler.plan()).extracting(Scheduler.Row::sequence).containsExactly(held, free);
    }

    @Test
    void endsTheRuleOfAnAnswerThatEndsOrFails() {
        for (Consumer<Sequence> ending : List.<Consumer<Sequence>>of(
                sequence -> sequence.end(FinishReason.CANCELLED),
                sequence -> sequence.end(FinishReason.STOP),
                sequence -> {
                    sequence.fail(new IllegalStateException("it failed"));
                    sequence.report();
                })) {
            AtomicBoolean ended = new AtomicBoolean();
            AwaitedProcessor rule = new AwaitedProcessor() {
                @Override
                public boolean isReady(int[] generated) {
                    return false;
                }

                @Override
                public void process(int[] generated, float[] logits) {}

                @Override
                public void end() {
                    ended.set(true);
                }
            };
            Sequence sequence = add(GenerationConfig.builder().processors(rule).build(), 3);
            assertThat(ended).isFalse();
            ending.accept(sequence);
            assertThat(ended).isTrue();
            scheduler.release(sequence);
        }
    }

    private List<Sequence> admitted() {
        return Stream.generate(scheduler::nextToAdmit)
                .takeWhile(next -> next != null && scheduler.admit(next) != null)
                .toList();
    }

    private static void append(Sequence sequence) {
        sequence.advance(new LogitRows(new int[] {1}, new float[0], 0, 0));
    }

    private Sequence add(int promptTokens, PixelTiles... pictures) {
        return add(GenerationConfig.defaults(), promptTokens, pictures);
    }

    private Sequence add(GenerationConfig config, int promptTokens, PixelTiles... pictures) {
        return add(config, promptTokens, 0, pictures);
    }

    private Sequence add(GenerationConfig config, int promptTokens, int priority, PixelTiles... pictures) {
        int[] ids = new int[promptTokens];
        Arrays.fill(ids, ++prompts); // they have nothing in common
        PreparedRequest request = new PreparedRequest(
                new TokenPrompt(ids, new int[0]),
                PreparedRequest.Dialogue.NONE,
                List.of(pictures),
                config,
                PreparedRequest.Ends.NONE,
                new int[0],
                List.of(),
                new PreparedRequest.Urgency(priority, null),
                Duration.ZERO);
        VisualTokens visual = new VisualTokens(new VisualCache(0), 1);
        Sequence sequence = new Sequence(request, NOBODY, TOKENIZER, visual, 1000, Integer.MAX_VALUE);
        scheduler.add(sequence);
        return sequence;
    }
}
