package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.InternVLException;
import io.github.internvl.Precision;
import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.vision.Image;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A ViT in 8 bits is an option of its own, where the CPU is faster for it. */
class ShortVisionTest {
    private static InternVLBuilder builder() {
        return InternVL.builder(TinyCheckpoint.qwen()).device("cpu").precision(Precision.FLOAT32);
    }

    private static boolean isFast() {
        return LinearKernel.INT8_ONEDNN.works(NumberFormat.FLOAT32, "cpu");
    }

    @Test
    void takesNoOtherPrecision() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().visionPrecision(Precision.INT4))
                .withMessageContaining("visionPrecision must be INT8: INT4");
    }

    @Test
    void answersAboutAPicture() {
        assumeTrue(isFast(), "this CPU has no fast kernel");
        try (InternVL model = builder().visionPrecision(Precision.INT8).load()) {
            assertThat(model.chat("What is this?", Image.ofRgb(2, 2, new byte[12]))
                            .usage()
                            .visualTokens())
                    .isPositive();
        }
    }

    @Test
    void isRefusedWhereNothingIsFaster() {
        assumeFalse(isFast(), "this CPU has a fast kernel");
        assertThatThrownBy(() -> builder().visionPrecision(Precision.INT8).load())
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("VNNI");
    }

    @Test
    void isRefusedOnAGpu() {
        assertThatThrownBy(() -> LinearKernel.ofShortVision(NumberFormat.BFLOAT16, Set.of("cuda:0")))
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("cuda:0");
    }
}
