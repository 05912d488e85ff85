package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.internvl.GenerationConfig;
import io.github.internvl.internal.engine.Candidates;
import io.github.internvl.internal.engine.LogitsPipeline;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/** Logits after the rules of generation against those of the reference's processors and warpers, rule by rule and in chains. */
class ProcessorConformanceTest {
    private static final ConformanceReport REPORT = new ConformanceReport("processors");
    private static final double TOLERANCE = 1e-5;
    private static final int DRAWS = 20_000;

    @AfterAll
    static void report(TestReporter reporter) {
        REPORT.publish(reporter);
    }

    @TestFactory
    Stream<DynamicNode> logitsAgree() {
        return variants(variant -> {
            List<DynamicNode> tests = new ArrayList<>();
            for (JsonElement element : variant.json().getAsJsonArray("cases")) {
                JsonObject golden = element.getAsJsonObject();
                String name = golden.get("output").getAsString() + " "
                        + golden.get("input").getAsString() + " " + golden.get("processors");
                tests.add(dynamicTest(name, () -> compare(variant, golden)));
            }
            return tests;
        });
    }

    @TestFactory
    Stream<DynamicNode> whatIsLeftOfARealVocabularyAgrees() {
        return variants(variant -> {
            List<DynamicNode> tests = new ArrayList<>();
            JsonObject big = variant.json().getAsJsonObject("big");
            for (JsonElement element : big.getAsJsonArray("cases")) {
                JsonObject golden = element.getAsJsonObject();
                String name = golden.get("processors").toString();
                tests.add(dynamicTest(name, () -> compareBig(variant, big, golden)));
            }
            return tests;
        });
    }

    @TestFactory
    Stream<DynamicNode> drawsFollowTheProbabilities() {
        return variants(variant -> {
            List<DynamicNode> tests = new ArrayList<>();
            for (JsonElement element : variant.json().getAsJsonArray("cases")) {
                JsonObject golden = element.getAsJsonObject();
                if (golden.has("probabilities")) {
                    String name = golden.get("input").getAsString() + " " + golden.get("processors");
                    tests.add(dynamicTest(name, () -> draw(variant, golden)));
                }
            }
            return tests;
        });
    }

    private interface Tests {
        List<DynamicNode> of(GoldenVariant variant);
    }

    private static Stream<DynamicNode> variants(Tests tests) {
        return Goldens.all().stream()
                .flatMap(goldens -> goldens.variants().stream())
                .filter(variant -> !variant.isCheckpoint() && Files.exists(variant.answers()))
                .map(variant -> dynamicContainer(variant.name(), tests.of(variant)));
    }

    /** The candidates that a case's rules leave of each row of its input. */
    private static List<Candidates> left(GoldenVariant variant, JsonObject golden, float[][] rows) {
        GenerationConfig.Builder config =
                GenerationConfig.builder().topK(0).topP(1).temperature(1);
        Set<Integer> ends = new HashSet<>();
        int promptLength = 0;
        for (JsonElement element : golden.getAsJsonArray("processors")) {
            JsonArray rule = element.getAsJsonArray();
            String name = rule.get(0).getAsString();
            if (rule.get(1).isJsonObject()) {
                JsonObject minimum = rule.get(1).getAsJsonObject();
                promptLength = minimum.get("prompt_length").getAsInt();
                Arrays.stream(Goldens.ints(minimum.get("eos_token_id"))).forEach(ends::add);
                config.minNewTokens(minimum.get(name).getAsInt());
            } else {
                GoldenSettings.apply(config, name, rule.get(1));
            }
        }
        JsonArray histories = golden.getAsJsonArray("history");
        if (histories == null) {
            histories = variant.json()
                    .getAsJsonObject("inputs")
                    .getAsJsonObject(golden.get("input").getAsString())
                    .getAsJsonArray("history");
        }
        List<Candidates> left = new ArrayList<>();
        for (int row = 0; row < rows.length; row++) {
            int[] history = Goldens.ints(histories.get(row));
            int[] prompt = Arrays.copyOf(history, promptLength);
            int[] generated = Arrays.copyOfRange(history, promptLength, history.length);
            float[] logits = rows[row].clone();
            new LogitsPipeline(config.build(), ends, List.of(), prompt).process(generated, logits);
            left.add(Candidates.of(logits, config.build()));
        }
        return left;
    }

    private static float[][] rows(GoldenTensors tensors, String name) {
        float[] flat = tensors.floats(name);
        int width = (int) tensors.shape(name)[1];
        float[][] rows = new float[flat.length / width][];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = Arrays.copyOfRange(flat, row * width, (row + 1) * width);
        }
        return rows;
    }

    private static void compare(GoldenVariant variant, JsonObject golden) {
        GoldenTensors tensors = variant.tensors();
        float[][] in = rows(tensors, "in." + golden.get("input").getAsString());
        float[][] expected = rows(tensors, golden.get("output").getAsString());
        List<Candidates> left = left(variant, golden, in);
        for (int row = 0; row < in.length; row++) {
            float[] found = new float[in[row].length];
            Arrays.fill(found, Float.NEGATIVE_INFINITY);
            int[] ids = left.get(row).ids();
            float[] logits = left.get(row).logits();
            for (int i = 0; i < ids.length; i++) {
                found[ids[i]] = logits[i];
            }
            for (int id = 0; id < found.length; id++) {
                float wanted = expected[row][id];
                assertThat(found[id] == wanted || Math.abs(found[id] - wanted) <= TOLERANCE * (1 + Math.abs(wanted)))
                        .as("row %s, token %s: expected %s, found %s", row, id, wanted, found[id])
                        .isTrue();
            }
            if (golden.has("probabilities")) {
                float[] probabilities =
                        rows(tensors, golden.get("probabilities").getAsString())[row];
                double[] own = left.get(row).probabilities();
                for (int i = 0; i < ids.length; i++) {
                    assertThat(own[i]).as("token %s", ids[i]).isCloseTo(probabilities[ids[i]], within(TOLERANCE));
                }
            }
        }
        REPORT.checked(variant.name(), "logits after the rules");
    }

    private static void compareBig(GoldenVariant variant, JsonObject big, JsonObject golden) {
        GoldenTensors tensors = variant.tensors();
        JsonObject own = golden.deepCopy();
        own.add("history", big.get("history"));
        float[][] row = {tensors.floats(big.get("input").getAsString())};
        Candidates left = left(variant, own, row).get(0);

        int[] expected = tensors.ints(golden.get("ids").getAsString());
        float[] probabilities = tensors.floats(golden.get("probabilities").getAsString());
        double[] found = left.probabilities();
        int[] ids = left.ids();
        assertThat(ids).hasSize(golden.get("kept").getAsInt()).containsExactlyInAnyOrder(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(found[Arrays.binarySearch(ids, expected[i])])
                    .as("token %s", expected[i])
                    .isCloseTo(probabilities[i], within(TOLERANCE));
        }
        int best = 0;
        for (int i = 1; i < found.length; i++) {
            best = found[i] > found[best] ? i : best;
        }
        assertThat(ids[best]).isEqualTo(golden.get("argmax").getAsInt());
        REPORT.checked(variant.name(), "real vocabulary");
    }

    private static void draw(GoldenVariant variant, JsonObject golden) {
        GoldenTensors tensors = variant.tensors();
        float[][] in = rows(tensors, "in." + golden.get("input").getAsString());
        float[] probabilities = rows(tensors, golden.get("probabilities").getAsString())[0];
        Candidates left = left(variant, golden, in).get(0);
        SplittableRandom random = new SplittableRandom(7);
        int[] counts = new int[probabilities.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[left.draw(random.nextDouble())]++;
        }
        ChiSquare.check(counts, probabilities);
        REPORT.checked(variant.name(), "draws by chi-square");
    }
}
