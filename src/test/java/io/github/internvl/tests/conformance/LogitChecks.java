package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Compares the logits of one case with its goldens, and counts them. */
final class LogitChecks {
    private final ConformanceReport report;
    private final GoldenCase golden;
    private final GoldenTensors tensors;

    LogitChecks(ConformanceReport report, GoldenCase golden, GoldenTensors tensors) {
        this.report = report;
        this.golden = golden;
        this.tensors = tensors;
    }

    /** Hidden states of the last prompt token, where the goldens have them. */
    void layers(GoldenCase.Round round, Stages stages, Subject.Prompt prompt) {
        String name = round.key() + ".llm_layers_last_token";
        if (tensors.has(name)) {
            count(
                    "llm_layers_last_token",
                    tensors.compare(name, stages.lastTokenThroughLayers(prompt), Conformance.LOGITS));
        }
    }

    /** The logits of an answer, step by step. */
    void single(String key, List<float[]> steps) {
        String name = key + ".prompt_logits";
        if (tensors.has(name)) {
            float[] first = steps.get(0);
            count("prompt_logits", tensors.compare(name, new Numbers(first, first.length), Conformance.LOGITS));
        }
        best(key + ".top8_values", key + ".top8_ids", steps);
    }

    /** The logits of all rows of a batch. */
    void batch(List<List<float[]>> rows) {
        String name = golden.name() + ".prompt_logits";
        if (tensors.has(name)) {
            List<Numbers> first = new ArrayList<>();
            rows.forEach(steps -> first.add(new Numbers(steps.get(0), 1, steps.get(0).length)));
            count("prompt_logits", tensors.compare(name, Numbers.join(first), Conformance.LOGITS));
        }
        for (int row = 0; row < rows.size(); row++) {
            best(golden.name() + ".top8_values." + row, golden.name() + ".top8_ids." + row, rows.get(row));
        }
    }

    /**
     * The best logits of each step; tokens nearer to each other than the tolerance may change places, never the first.
     */
    private void best(String valueName, String idName, List<float[]> steps) {
        if (!tensors.has(valueName)) {
            return;
        }
        long[] shape = tensors.shape(valueName);
        int width = (int) shape[1];
        int[] ids = tensors.ints(idName);
        assertThat(steps).as("%s: steps of %s", golden, valueName).hasSize((int) shape[0]);
        float[] ofGoldenIds = new float[ids.length];
        float[] best = new float[ids.length];
        for (int step = 0; step < steps.size(); step++) {
            float[] logits = steps.get(step);
            int[] order = best(logits, width);
            assertThat(order[0]).as("%s: %s[%d, 0]", golden, idName, step).isEqualTo(ids[step * width]);
            for (int i = 0; i < width; i++) {
                ofGoldenIds[step * width + i] = logits[ids[step * width + i]];
                best[step * width + i] = logits[order[i]];
            }
        }
        tensors.compare(valueName, new Numbers(best, shape), Conformance.LOGITS);
        count("top8 values and ids", tensors.compare(valueName, new Numbers(ofGoldenIds, shape), Conformance.LOGITS));
    }

    private static int[] best(float[] logits, int count) {
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -logits[i]))
                .limit(count)
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private void count(String kind, double difference) {
        report.checked(golden.variant().name(), kind, difference);
    }
}
