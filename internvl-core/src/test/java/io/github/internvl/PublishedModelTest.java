package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PublishedModelTest {
    @Test
    void knowsTheWholeFamily() {
        List<String> ids =
                ModelInfo.Published.all().stream().map(ModelInfo.Published::id).toList();
        assertThat(ids)
                .doesNotHaveDuplicates()
                .contains("OpenGVLab/InternVL2_5-1B", "OpenGVLab/InternVL2_5-78B-MPO-AWQ")
                .contains("OpenGVLab/InternVL2-8B-AWQ", "OpenGVLab/InternVL3-38B-hf", "OpenGVLab/InternVL3_5-8B-HF");
        assertThat(ids.stream().filter(id -> id.matches(".*2_5-\\d+B"))).hasSize(7);
        assertThat(ids.stream().filter(id -> id.matches(".*InternVL3-\\d+B"))).hasSize(6);
        assertThat(ids.stream().filter(id -> id.matches(".*3_5-(\\d+B-A)?\\d+B")))
                .hasSize(8);
        assertThat(ids.stream().filter(id -> id.contains("2_5") && id.endsWith("-AWQ")))
                .hasSize(10);
    }

    @Test
    void countsWhatOthersCountedInThePublishedFiles() {
        ModelInfo small = known("InternVL2_5-2B").info();
        assertThat(small.parameters()).isBetween(2_205_500_000L, 2_206_499_999L);
        assertThat(small.visionParameters()).isBetween(316_550_000L, 316_649_999L);

        ModelInfo large = known("InternVL2_5-26B").info();
        long projector = 2 * 12800 + 12800 * 6144 + 6144 + 6144 * 6144 + 6144;
        assertThat(large.visionParameters() - projector).isBetween(5_535_000_000L, 5_545_000_000L);
    }

    @Test
    void countsTheParametersThatATokenOfAMixtureReads() {
        ModelInfo mixture = known("InternVL3_5-30B-A3B").info();
        assertThat(mixture.parameters()).isBetween(30_500_000_000L, 31_500_000_000L);
        long experts = 48L * 8 * 3 * 768 * 2048;
        long attention = 48L * (2 * 4096 * 2048 + 2 * 512 * 2048);
        long head = 151936L * 2048;
        assertThat(mixture.activeParameters() - experts - attention - head)
                .as("router and norms")
                .isEqualTo(48L * (128 * 2048 + 2 * 2048 + 2 * 128) + 2048);
        ModelInfo dense = known("InternVL3_5-8B").info();
        assertThat(dense.activeParameters()).isEqualTo(dense.parameters() - dense.visionParameters() - 151936L * 4096);
    }

    @Test
    void findsAModelWithAndWithoutItsOwner() {
        assertThat(known("InternVL2_5-8B-AWQ").id()).isEqualTo("OpenGVLab/InternVL2_5-8B-AWQ");
        assertThat(known("OpenGVLab/InternVL2_5-8B").languageModel()).isEqualTo("internlm2_5-7b-chat");
        assertThat(ModelInfo.Published.find("5-8B")).isEmpty();
        assertThat(ModelInfo.Published.find("")).isEmpty();
    }

    @Test
    void takesFewerBytesInFewerBits() {
        ModelInfo plain = known("InternVL2_5-8B").info();
        ModelInfo quantized = known("InternVL2_5-8B-AWQ").info();
        long linears = 32L * (6144 * 4096 + 4096 * 4096 + 3 * 4096 * 14336);
        long head = 92553L * 4096;
        long others = 2 * (plain.parameters() - linears);
        assertThat(plain.memoryBytes(Precision.FLOAT32, 0)).isEqualTo(4 * plain.parameters());
        assertThat(plain.memoryBytes(Precision.INT8, 0)).isEqualTo(others + linears - head);
        assertThat(plain.memoryBytes(Precision.FP8, 1000)).isEqualTo(plain.memoryBytes(Precision.INT8, 1000));
        assertThat(plain.memoryBytes(Precision.INT4, 0)).isEqualTo(others + linears / 2 + linears / 8 - head);
        assertThat(quantized.memoryBytes(Precision.INT4, 0))
                .isEqualTo(quantized.memoryBytes(Precision.BFLOAT16, 0))
                .isEqualTo(others + linears / 2 + linears / 32);
        assertThat(quantized.weightBytes()).isEqualTo(others + linears / 2 + linears / 128 * 5 / 2);
        assertThat(quantized.parameters()).isEqualTo(plain.parameters());
        assertThat(quantized.storedPrecision()).isEqualTo(Precision.INT4);
        assertThat(plain.memoryBytes(Precision.INT8, 100) - plain.memoryBytes(Precision.INT8, 0))
                .isEqualTo(100 * 128 * 1024);
    }

    @Test
    void namesPartsAndLicence() {
        ModelInfo.Published largest = known("InternVL2_5-78B-MPO");
        assertThat(largest.visionModel()).isEqualTo("InternViT-6B-448px-V2_5");
        assertThat(largest.licence()).isEqualTo("MIT, and for Qwen2.5-72B-Instruct the Qwen License");
        assertThat(largest.info().source()).isEqualTo(largest.id());
        assertThat(largest.info().keyValueNumbersPerToken()).isEqualTo(2 * 80 * 8 * 128);
        assertThat(largest.info().tokensPerTile()).isEqualTo(256);
    }

    private static ModelInfo.Published known(String id) {
        return ModelInfo.Published.find(id).orElseThrow();
    }
}
