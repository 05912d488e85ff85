package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PartBytesTest {
    private static final PartBytes PARTS = new PartBytes(40, 5, 10, 10, 8, 5);

    @Test
    void fillsOneDeviceAfterTheOther() {
        List<String> layers = PARTS.packed(room(95, 25, 90), "cpu");
        assertThat(layers)
                .containsExactly("cuda:0", "cuda:0", "cuda:1", "cuda:1", "cuda:2", "cuda:2", "cuda:2", "cuda:0");
        assertThat(PARTS.perDevice("cuda:0", "cuda:0", "cuda:0", layers, "cuda:0"))
                .containsExactly(entry("cuda:0", 90L), entry("cuda:1", 20L), entry("cuda:2", 30L));
    }

    @Test
    void leavesTheLayersThatDoNotFitToTheRest() {
        List<String> layers = PARTS.packed(room(81, 9), "cpu");
        assertThat(layers).containsExactly("cuda:0", "cpu", "cpu", "cpu", "cpu", "cpu", "cpu", "cuda:0");
        assertThat(PARTS.perDevice("cuda:0", "cuda:0", "cuda:0", layers, "cuda:0"))
                .containsExactly(entry("cuda:0", 80L), entry("cpu", 60L));
        assertThat(PARTS.packed(room(10), "cpu")).startsWith("cpu").endsWith("cuda:0");
    }

    @Test
    void countsEachPartWhereItIs() {
        List<String> layers = List.of("b", "b", "b", "b", "b", "b", "b", "a");
        Map<String, Long> bytes = PARTS.perDevice("c", "d", "a", layers, "e");
        assertThat(bytes)
                .containsExactly(entry("c", 40L), entry("d", 5L), entry("a", 20L), entry("b", 70L), entry("e", 5L));
        assertThat(bytes.values().stream().mapToLong(Long::longValue).sum()).isEqualTo(PARTS.total());
    }

    private static Map<String, Long> room(long... bytes) {
        Map<String, Long> room = new LinkedHashMap<>();
        for (int i = 0; i < bytes.length; i++) {
            room.put("cuda:" + i, bytes[i]);
        }
        return room;
    }
}
