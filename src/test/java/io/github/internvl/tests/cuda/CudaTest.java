package io.github.internvl.tests.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The way over CUDA, on the stand-in: what a GPU would be asked to do, and what becomes of its errors. */
@Timeout(300)
@EnabledIfSystemProperty(
        named = StandIn.TORCH,
        matches = ".+",
        disabledReason = "torch 2.7.1 for CUDA is not there: docs/gpu.md says how to run this without a GPU")
class CudaTest {
    private static final Pattern LINE = Pattern.compile("(?m)^> (\\w+) (kernels .*)$");
    private static final Pattern COUNT = Pattern.compile("(\\w+) (\\d+)");

    @BeforeAll
    static void buildTheStandIn() throws Exception {
        StandIn.build();
    }

    private static String run(CudaProgram.Part part, String... arguments) throws Exception {
        return StandIn.run(Map.of(), part, arguments);
    }

    /** The counts of each step. */
    private static Map<String, Map<String, Integer>> counts(String precision, int layers, int devices, int capability)
            throws Exception {
        String printed = StandIn.run(
                Map.of(
                        "STANDIN_DEVICES",
                        Integer.toString(devices),
                        "STANDIN_CAPABILITY",
                        Integer.toString(capability)),
                CudaProgram.Part.COUNTS,
                precision,
                Integer.toString(layers),
                Integer.toString(devices));
        Map<String, Map<String, Integer>> steps = new LinkedHashMap<>();
        Matcher lines = LINE.matcher(printed);
        while (lines.find()) {
            Map<String, Integer> step = new LinkedHashMap<>();
            COUNT.matcher(lines.group(2))
                    .results()
                    .forEach(one -> step.put(one.group(1), Integer.parseInt(one.group(2))));
            steps.put(lines.group(1), step);
        }
        assertThat(steps).as(printed).hasSize(12);
        return steps;
    }

    /** Launches of a layer, or up to two fewer: one answer, eight row by row, one and eight with static slots, a prompt's first and later chunk. */
    @ParameterizedTest
    @CsvSource({
        "FLOAT32,  90, 20, 42, 20, 20, 20, 20",
        "BFLOAT16, 90, 20, 42, 20, 21, 20, 20",
        "FLOAT16,  90, 20, 42, 20, 21, 20, 20",
        "INT8,     90, 48, 70, 48, 49, 48, 48",
        "INT8,     80, 22, 44, 22, 23, 31, 31", // mixed products
        "INT8,     89, 22, 44, 22, 23, 31, 31",
        "FP8,      90, 40, 62, 40, 41, 40, 40",
        "FP8,      89, 40, 62, 40, 41, 40, 40",
        "INT4,     90, 23, 45, 23, 24, 43, 43",
    })
    void launchesNoMoreThanALayerNeeds(
            String precision, int capability, int one, int eight, int staticOne, int staticEight, int prompt, int later)
            throws Exception {
        Map<String, Map<String, Integer>> many = counts(precision, 5, 1, capability);
        Map<String, Map<String, Integer>> few = counts(precision, 3, 1, capability);
        Map<String, Integer> bounds = new LinkedHashMap<>();
        bounds.put("rows_1", one);
        bounds.put("rows_8", eight);
        bounds.put("static_1", staticOne);
        bounds.put("static_8", staticEight);
        bounds.put("rows_prompt", prompt);
        bounds.put("rows_prompt_later", later);
        Map<String, Integer> found = new LinkedHashMap<>();
        bounds.keySet().forEach(step -> found.put(step, perLayer(many, few, step, "kernels")));
        System.out.println(precision + " " + capability + " " + found);
        bounds.forEach((step, most) -> assertThat(found.get(step)).as(step).isBetween(most - 2, most));
    }

    private static int perLayer(
            Map<String, Map<String, Integer>> many,
            Map<String, Map<String, Integer>> few,
            String step,
            String counter) {
        int layers = 5 - 3;
        int more = count(many, step, counter) - count(few, step, counter);
        assertThat(more % layers).as(step).isZero();
        return more / layers;
    }

    private static int count(Map<String, Map<String, Integer>> steps, String step, String counter) {
        Map<String, Integer> counted = steps.getOrDefault(step, Map.of());
        assertThat(counted).as(step).containsKey(counter);
        return counted.getOrDefault(counter, -1);
    }

    /** Waits for the device in a step: each transfer is one. */
    @Test
    void waitsForTheDeviceAFewTimesAStepAndAllocatesNothing() throws Exception {
        Map<String, Map<String, Integer>> steps = counts("BFLOAT16", 3, 1, 90);
        Map<String, Integer> most = Map.of(
                "rows_1", 2, "rows_8", 2, "static_1", 2, "static_8", 2, "rows_prompt", 2, "rows_prompt_later", 2);
        System.out.println(steps);
        most.forEach((step, waits) -> {
            assertThat(count(steps, step, "syncs")).as(step).isBetween(1, waits);
            assertThat(count(steps, step, "downloads")).as(step).isEqualTo(1);
            assertThat(count(steps, step, "mallocs")).as(step).isZero();
        });
    }

    @Test
    void waitsForTheBestIdsAloneWhereAStepIsLaunchedAhead() throws Exception {
        Map<String, Map<String, Integer>> steps = counts("BFLOAT16", 3, 1, 90);
        for (String step : new String[] {"rows_1_ahead", "rows_8_ahead", "static_1_ahead", "static_8_ahead"}) {
            assertThat(count(steps, step, "syncs")).as(step).isEqualTo(1);
            assertThat(count(steps, step, "uploads")).as(step).isZero();
            assertThat(count(steps, step, "downloads")).as(step).isEqualTo(1);
            assertThat(count(steps, step, "mallocs")).as(step).isZero();
            int launches = count(steps, step, "kernels") - count(steps, step.replace("_ahead", ""), "kernels");
            assertThat(launches).as(step).isBetween(0, 4); // one step, and its numbers
        }
    }

    @Test
    void copiesNothingMoreForAnotherLayerOnAnotherDevice() throws Exception {
        Map<String, Map<String, Integer>> many = counts("BFLOAT16", 5, 2, 90);
        Map<String, Map<String, Integer>> few = counts("BFLOAT16", 3, 2, 90);
        assertThat(many.keySet()).allSatisfy(step -> {
            assertThat(count(many, step, "peers")).as(step).isPositive();
            for (String counter : new String[] {"peers", "uploads", "downloads", "syncs"}) {
                assertThat(perLayer(many, few, step, counter))
                        .as(step + " " + counter)
                        .isZero();
            }
        });
    }

    @Test
    void namesTheDeviceAndItsDriver() throws Exception {
        assertThat(run(CudaProgram.Part.FACTS))
                .contains("> libtorch for CUDA true")
                .contains("> driver 570.00 (stand-in)")
                .contains("> runtime 12.6")
                .containsPattern("model=Optional\\[Stand-in sm_90\\], capability=90, totalBytes=85899345920")
                .containsPattern("> free \\{cuda:0=85\\d{9}\\}");
    }

    @Test
    void answersOverSeveralDevices() throws Exception {
        assertThat(StandIn.run(Map.of("STANDIN_DEVICES", "3"), CudaProgram.Part.ANSWERS))
                .contains("> devices [cuda:0, cuda:1")
                .containsSubsequence("> alone 4", "> batch 3", "> closed true");
    }

    @Test
    void takesFloat16WhereTheDeviceImitatesBfloat16() throws Exception {
        assertThat(StandIn.run(Map.of("STANDIN_CAPABILITY", "75"), CudaProgram.Part.MEMORY))
                .contains("> precision FLOAT16");
        assertThat(StandIn.run(Map.of("STANDIN_CAPABILITY", "80"), CudaProgram.Part.MEMORY))
                .contains("> precision BFLOAT16");
    }

    @Test
    void givesItsMemoryBackWhenItCloses() throws Exception {
        String printed = run(CudaProgram.Part.MEMORY);
        Matcher held = Pattern.compile("> closed (\\d+)").matcher(printed);
        assertThat(held.results().map(one -> Integer.parseInt(one.group(1))))
                .as(printed)
                .hasSize(2)
                .allSatisfy(megabytes -> assertThat(megabytes).isLessThan(40)); // workspaces of cuBLAS
    }

    @Test
    void refusesAModelThatHasNoRoom() throws Exception {
        assertThat(run(CudaProgram.Part.ROOM, "-5"))
                .contains("> refused InternVLException: ")
                .containsPattern(
                        "does not fit: weights and KV cache take .*; cuda:0 has \\d\\.\\d GiB free and would need");
    }

    @Test
    void limitsTheKvCacheToTheMemoryThatIsLeft() throws Exception {
        String printed = run(CudaProgram.Part.ROOM, "10");
        Matcher size = Pattern.compile("KV cache of up to (\\d+) tokens").matcher(printed);
        assertThat(size.find()).as(printed).isTrue();
        assertThat(Integer.parseInt(size.group(1))).as(printed).isBetween(4096, 8 * 4096 - 1);
    }

    @Test
    void reportsALackOfMemoryWhileLoading() throws Exception {
        assertThat(run(CudaProgram.Part.LOADING))
                .containsPattern("> refused ModelMemoryException: the model does not fit: .*CUDA out of memory")
                .containsPattern("> left [0-3]?\\d\n");
    }

    @Test
    void servesOnAfterALackOfMemory() throws Exception {
        assertThat(run(CudaProgram.Part.ANSWERING))
                .containsSubsequence(
                        "> first ok 4",
                        "> without memory ModelMemoryException: the model failed while computing: ",
                        "> with memory ok 4");
    }

    @Test
    void endsWithADeviceThatFailsForGood() throws Exception {
        assertThat(run(CudaProgram.Part.ERROR, "700"))
                .containsSubsequence(
                        "> first ok 4",
                        "> failing InternVLException: the model failed while computing: ",
                        "CUDA error: an illegal memory access was encountered",
                        "> later InternVLException: the engine stopped: the model failed while computing: ",
                        "> closed true");
    }

    @Test
    void servesOnAfterALaunchThatTheDeviceRefused() throws Exception {
        assertThat(run(CudaProgram.Part.ERROR, "9"))
                .containsSubsequence(
                        "> failing InternVLException: the model failed while computing: ",
                        "invalid configuration argument",
                        "> later ok 4",
                        "> closed true");
    }

    @Test
    void saysThatLibtorchHasNoCodeForTheDevice() throws Exception {
        assertThat(run(CudaProgram.Part.NO_CODE, "209"))
                .contains("> refused InternVLException: libtorch must have code for the GPU's compute capability: ")
                .contains("no kernel image is available")
                .contains("take the build for CUDA 12.8");
    }

    @Test
    void capturesStepsWithoutACallThatACaptureForbids() throws Exception {
        assertThat(run(CudaProgram.Part.GRAPHS))
                .contains(
                        "> answer ok 4", "> again ok 4", "> illegal 0", "> pageable 0", "> outside 0", "> closed true")
                .containsPattern("> graphs [1-9]")
                .containsPattern("> nodes \\d{2,}")
                .containsPattern("> replays [1-9]");
    }

    @Test
    void computesLayersOnTheCpuThatHaveNoRoom() throws Exception {
        assertThat(run(CudaProgram.Part.OFFLOAD))
                .containsPattern("> devices \\[.*cpu.*\\]")
                .contains("> answer ok 4");
    }
}
