package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.internal.model.PartBytes;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeviceMapTest {
    private static final long GIB = 1L << 30;

    @Test
    void staticSlotsOfEightBitsArePlannedWithWhatAttentionWidens() {
        ModelInfo model = known("InternVL2_5-1B");
        long widened = model.footprint().widenedBytes(2, 65_536);

        assertThat(new DeviceMap.Keys(65_536, true, true).headroom(model, Precision.BFLOAT16))
                .isEqualTo(DeviceMap.HEADROOM + widened);
        assertThat(new DeviceMap.Keys(65_536, true, false).headroom(model, Precision.BFLOAT16))
                .isEqualTo(DeviceMap.HEADROOM);
        assertThat(new DeviceMap.Keys(65_536, false, true).headroom(model, Precision.BFLOAT16))
                .isEqualTo(DeviceMap.HEADROOM);
    }

    @Test
    void spreadsAsTheModelCardsDoWhereThereIsRoom() {
        DevicePlan plan = plan(DeviceMap.auto(), "InternVL2_5-8B", gpus(24, 24));
        assertThat(List.of(plan.vision(), plan.projector(), plan.embedding(), plan.head()))
                .containsOnly("cuda:0");
        assertThat(plan.bytes()).containsOnlyKeys("cuda:0", "cuda:1");
        assertThat(plan.layers().subList(0, 11)).containsOnly("cuda:0");
        assertThat(plan.layers().subList(11, 31)).containsOnly("cuda:1");
        assertThat(plan.layers().get(31)).isEqualTo("cuda:0");
        assertThat(plan.bytes().values().stream().mapToLong(Long::longValue).sum())
                .isEqualTo(known("InternVL2_5-8B").memoryBytes(Precision.BFLOAT16, 8192));
    }

    @Test
    void spreadsOverTheDevicesThatAreNamedAlone() {
        DevicePlan plan = plan(DeviceMap.over(List.of("cuda:2", "cuda:0")), "InternVL2_5-8B", gpus(24, 24, 24));
        assertThat(plan.bytes()).containsOnlyKeys("cuda:2", "cuda:0");
        assertThat(List.of(plan.vision(), plan.projector(), plan.embedding(), plan.head()))
                .containsOnly("cuda:2");
        assertThat(plan.layers().subList(11, 31)).containsOnly("cuda:0");
        assertThatThrownBy(() -> plan(DeviceMap.over(List.of("cuda:7")), "InternVL2_5-8B", gpus(24)))
                .isInstanceOf(InternVLException.class)
                .hasMessageContaining("cuda:7 has 0.0 GiB free");
        for (List<String> wrong : List.of(List.<String>of(), List.of("cpu"), List.of("cuda:0", "cuda:0"))) {
            assertThatThrownBy(() -> DeviceMap.over(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("CUDA devices, one or more and none twice");
        }
    }

    @Test
    void fillsDevicesWhereTheCardsSpreadDoesNotFit() {
        DevicePlan plan = plan(DeviceMap.auto(), "InternVL2_5-78B", gpus(80, 80));
        assertThat(plan.layers().stream().filter("cuda:1"::equals).count()).isLessThan(80 - 28);
        assertThat(plan.layers()).endsWith("cuda:0").doesNotContain("cpu");
        assertThat(plan.bytes().values()).allMatch(bytes -> bytes <= 79 * GIB);
    }

    @Test
    void refusesWhatDoesNotFitAndNamesNeedHaveAndOptions() {
        assertThatThrownBy(() -> plan(DeviceMap.auto(), "InternVL2_5-8B", gpus(10)))
                .isInstanceOf(InternVLException.class)
                .hasMessageStartingWith("OpenGVLab/InternVL2_5-8B does not fit: weights and KV cache take 16.0 GiB; "
                        + "cuda:0 has 10.0 GiB free and would need 17.0 GiB; options: ")
                .hasMessageContaining("offloadToCpu")
                .hasMessageContaining("device cpu");
        assertThatThrownBy(() -> plan(DeviceMap.single("cuda:1"), "InternVL2_5-8B", gpus(24, 10)))
                .hasMessageContaining("cuda:1 has 10.0 GiB free");
    }

    @Test
    void offloadsTheLayersThatDoNotFit() {
        DevicePlan plan = plan(DeviceMap.auto().offloadToCpu(), "InternVL2_5-8B", gpus(10));
        assertThat(plan.layers()).startsWith("cuda:0").contains("cpu").endsWith("cuda:0");
        assertThat(plan.bytes().get("cuda:0")).isBetween(8 * GIB, 9 * GIB);
        assertThat(plan.head()).isEqualTo("cuda:0");
        assertThatThrownBy(() -> plan(DeviceMap.auto().offloadToCpu(), "InternVL2_5-26B", gpus(8)))
                .hasMessageContaining("cuda:0 has 8.0 GiB free");
    }

    @Test
    void countsFourBitWeightsAsSuch() {
        assertThat(plan(DeviceMap.single("cuda:0"), "InternVL2_5-78B-AWQ", gpus(80))
                        .bytes())
                .containsOnlyKeys("cuda:0");
        assertThatThrownBy(() -> plan(DeviceMap.single("cuda:0"), "InternVL2_5-78B", gpus(80)))
                .isInstanceOf(InternVLException.class);
    }

    @Test
    void staysOnTheCpuWithoutAGpu() {
        assertThat(plan(DeviceMap.auto(), "InternVL2_5-78B", gpus()).bytes()).containsOnlyKeys("cpu");
    }

    @Test
    void asksForNothingWhereFreeMemoryIsUnknown() {
        Map<String, Long> unknown = Map.of("cuda:0", Long.MAX_VALUE);
        assertThat(plan(DeviceMap.auto(), "InternVL2_5-78B", unknown).bytes()).containsOnlyKeys("cuda:0");
    }

    @Test
    void takesAMapAsItIsTold() {
        DeviceMap map = DeviceMap.of("cpu", "cuda:1", "cuda:0", Collections.nCopies(24, "cuda:1"), "cuda:0");
        DevicePlan plan = plan(map, "InternVL2_5-1B", gpus(8, 8));
        assertThat(plan.layers()).hasSize(24).containsOnly("cuda:1");
        PartBytes parts = known("InternVL2_5-1B").footprint().parts(Precision.BFLOAT16, 8192, false);
        assertThat(plan.bytes())
                .containsExactly(
                        entry("cpu", parts.vision()),
                        entry("cuda:1", parts.projector() + 24 * parts.layer()),
                        entry("cuda:0", parts.embedding() + parts.head()));
        assertThatThrownBy(() -> plan(map, "InternVL2_5-8B", gpus(80, 80)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("each of the model's 32 layers: 24");
        assertThatThrownBy(() -> DeviceMap.of("gpu", "cpu", "cpu", List.of(), "cpu"))
                .hasMessage("device must be cpu or cuda:N, such as cuda:0: gpu");
        assertThatThrownBy(map::offloadToCpu).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void plansForAFolderAndForThisMachine() {
        Map<String, Long> free = DeviceMap.freeMemory();
        DevicePlan plan = DeviceMap.auto().plan(ModelInfo.of(TinyCheckpoint.qwen()), Precision.FLOAT32, 8192, free);
        assertThat(plan.layers()).hasSize(3);
        assertThat(plan.vision()).isEqualTo(free.isEmpty() ? "cpu" : "cuda:0");
    }

    private static DevicePlan plan(DeviceMap map, String model, Map<String, Long> free) {
        return map.plan(known(model), Precision.BFLOAT16, 8192, free);
    }

    private static ModelInfo known(String id) {
        return ModelInfo.Published.find(id).orElseThrow().info();
    }

    private static Map<String, Long> gpus(long... gib) {
        Map<String, Long> free = new LinkedHashMap<>();
        for (int i = 0; i < gib.length; i++) {
            free.put("cuda:" + i, gib[i] * GIB);
        }
        return free;
    }
}
