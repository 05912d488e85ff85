package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.internvl.DevicePlan;
import io.github.internvl.InternVLException;
import io.github.internvl.Precision;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.vision.tiles.PixelTiles;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * Prompt logits in fewer bits against the float32 goldens: the largest difference of each case, and the mean of those.
 * The bounds for bfloat16 are how far the reference itself strays in that format from weights stored in it; float16 has
 * eight times its precision, and random weights of 8 and 4 bits stray as many times further. Where the checkpoint is
 * stored in float32 its weights are rounded too, and the reference strays 2.5 times as far. Phi-3's scores are about twice as
 * large as they are without scaling, and so are their errors. A mixture whose router is nearly undecided may choose another expert,
 * which changes single logits by more.
 */
class PrecisionConformanceTest {
    private static final double LARGEST = 0.8;
    private static final double MEAN = 0.35;
    private static final double ROUNDED_WEIGHTS = 2.5;
    private static final double ONE_EXPERT = 6; // where a router is nearly undecided, fewer bits choose another
    private static final double OTHER_EXPERTS = 2; // the mean over all cases
    private static final double STRETCHED_SCORES = 2.2;
    private static final String STRETCHED = ", stretched scores";
    private static final String MIXTURE = ", mixture of experts";

    private static final ConformanceReport REPORT = new ConformanceReport("fewer bits");

    @AfterAll
    static void report(TestReporter reporter) {
        REPORT.publish(reporter);
    }

    /** A format with how far it may stray, as a multiple of bfloat16's bounds. */
    private record Stray(
            NumberFormat numbers, Precision linears, boolean shortKeys, boolean shortVision, double scale) {
        Stray(NumberFormat numbers, Precision linears, double scale) {
            this(numbers, linears, false, false, scale);
        }

        String kind(boolean rounded) {
            if (shortVision) {
                return "int8 vision" + (rounded ? ", from float32 weights" : "");
            }
            String name = shortKeys
                    ? "int8 keys"
                    : linears == Precision.valueOf(numbers.name()) ? numbers.name() : linears.name();
            return name.toLowerCase(Locale.ROOT) + (rounded ? ", from float32 weights" : "");
        }

        Models.Format format() {
            return new Models.Format(numbers, DevicePlan.single(linears, Goldens.DEVICE), shortKeys, shortVision);
        }

        /**
         * Whether a variant is tried so: 4-bit weights stay what they are, and others must be wide enough. A CPU imitates FP8 slowly, and
         * has the smallest set of goldens for it.
         */
        boolean suits(GoldenVariant variant) {
            ModelConfig.LanguageConfig llm =
                    Checkpoint.open(variant.model()).config().language();
            boolean wide = llm.width() % 32 == 0 && llm.mlpWidth() % 32 == 0;
            return switch (linears) {
                case FLOAT32, BFLOAT16, FLOAT16 -> true;
                case INT8 -> llm.packedGroup() == 0;
                case FP8 -> llm.packedGroup() == 0 && (isOwn(variant) || !Goldens.DEVICE.equals("cpu"));
                case INT4 -> llm.packedGroup() == 0 && wide;
            };
        }
    }

    @TestFactory
    Stream<DynamicNode> bfloat16StaysNear() {
        return staysNear(new Stray(NumberFormat.BFLOAT16, Precision.BFLOAT16, 1));
    }

    @TestFactory
    Stream<DynamicNode> float16StaysNear() {
        return staysNear(new Stray(NumberFormat.FLOAT16, Precision.FLOAT16, 0.125));
    }

    @TestFactory
    Stream<DynamicNode> int8StaysNear() {
        return staysNear(new Stray(NumberFormat.FLOAT32, Precision.INT8, 4));
    }

    @TestFactory
    Stream<DynamicNode> fp8StaysNear() {
        return staysNear(new Stray(NumberFormat.FLOAT32, Precision.FP8, 9));
    }

    @TestFactory
    Stream<DynamicNode> int4StaysNear() {
        return staysNear(new Stray(NumberFormat.FLOAT32, Precision.INT4, 20));
    }

    @TestFactory
    Stream<DynamicNode> int8KeysAndValuesStayNear() {
        return staysNear(new Stray(NumberFormat.FLOAT32, Precision.FLOAT32, true, false, 1));
    }

    @TestFactory
    Stream<DynamicNode> aViTInEightBitsStaysNear() {
        Stray stray = new Stray(NumberFormat.FLOAT32, Precision.FLOAT32, false, true, 4);
        try (Subject loaded = Subject.load(Goldens.all().get(0).variants().get(0), stray.format())) {
            assertThat(loaded.models().vision().tokensPerTile()).isPositive();
            return staysNear(stray);
        } catch (InternVLException e) { // no kernel that is faster
            return Stream.of(
                    dynamicTest("is refused by name", () -> assertThat(e).hasMessageContaining("VNNI")));
        }
    }

    private static boolean isOwn(GoldenVariant variant) {
        return variant.goldens().equals(Goldens.all().get(0));
    }

    private static Stream<DynamicNode> staysNear(Stray stray) {
        Conformance<Subject> conformance = new Conformance<>(REPORT, variant -> Subject.load(variant, stray.format()));
        Stream<DynamicNode> cases = conformance.variants(variant -> conformance.cases(
                variant,
                stray.suits(variant) ? golden -> golden.isAnswered() && !golden.isProcessed() : golden -> false,
                (golden, subject) -> {
                    boolean rounded = subject.config().storedFormat() == NumberFormat.FLOAT32;
                    boolean stretched = subject.config().language().rope().magnitude() > 1;
                    boolean mixture = subject.config().language().mixtures() > 0;
                    double largest = LARGEST
                            * stray.scale()
                            * (rounded ? ROUNDED_WEIGHTS : 1)
                            * (stretched ? STRETCHED_SCORES : 1)
                            * (mixture ? ONE_EXPERT : 1);
                    String kind = stray.kind(rounded) + (stretched ? STRETCHED : "") + (mixture ? MIXTURE : "");
                    compare(golden, subject, kind, largest);
                }));
        Stream<DynamicNode> means = Goldens.all().stream()
                .map(goldens -> dynamicTest("mean of " + goldens.name(), () -> {
                    mean(goldens, stray.kind(false), MEAN * stray.scale());
                    mean(goldens, stray.kind(false) + STRETCHED, MEAN * stray.scale() * STRETCHED_SCORES);
                    mean(goldens, stray.kind(false) + MIXTURE, MEAN * stray.scale() * OTHER_EXPERTS);
                    mean(goldens, stray.kind(true), MEAN * stray.scale() * ROUNDED_WEIGHTS);
                }));
        return Stream.concat(cases, means).onClose(conformance::close);
    }

    private static void mean(Goldens goldens, String kind, double most) {
        assertThat(REPORT.mean(goldens, kind))
                .as("%s, prompt logits in %s: mean of the largest differences of all cases", goldens.name(), kind)
                .isLessThanOrEqualTo(most);
    }

    private static void compare(GoldenCase golden, Subject subject, String kind, double largest) {
        List<PixelTiles> tiles = subject.tiles(golden);
        Stages stages = new Stages(subject);
        List<Subject.Prompt> prompts = golden.rounds().stream()
                .map(round -> subject.prompt(round, tiles))
                .toList();
        if (golden.isBatch()) {
            int width = golden.rounds().get(0).paddedLength();
            compare(golden, subject, golden.name(), Numbers.join(stages.promptLogits(prompts, width)), kind, largest);
            return;
        }
        for (GoldenCase.Round round : golden.rounds()) {
            Subject.Prompt prompt = prompts.get(round.index());
            Numbers logits =
                    stages.promptLogits(List.of(prompt), prompt.length()).get(0);
            compare(golden, subject, round.key(), logits.reshaped(logits.values().length), kind, largest);
        }
    }

    private static void compare(
            GoldenCase golden, Subject subject, String key, Numbers found, String kind, double largest) {
        String name = key + ".prompt_logits";
        if (subject.tensors().has(name)) {
            double difference = subject.tensors().compare(name, found, largest);
            REPORT.checked(golden.variant().name(), kind, difference);
        }
    }
}
