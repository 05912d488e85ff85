package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.ModelInfo;
import io.github.internvl.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InfoCommandTest {
    private final ModelInfo info = ModelInfo.of(TinyModel.FOLDER);

    @Test
    void showsATable() {
        CommandRun run = CommandRun.of("info", TinyModel.FOLDER.toString());
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out().lines())
                .contains(
                        "folder       " + TinyModel.FOLDER,
                        "language     qwen2, 3 layers, vocabulary of 427, 32,768 positions",
                        "vision       3 layers",
                        "pictures     up to 12 tiles and a thumbnail, each of 36 x 36 pixels and 9 visual tokens",
                        "parameters   179,760, 47,820 of them in the vision part and the projector",
                        "stored       351.1 KiB in bfloat16",
                        "memory in         float32    bfloat16     float16         fp8        int8        int4",
                        "weights         702.2 KiB   351.1 KiB   351.1 KiB   248.0 KiB   248.0 KiB   218.8 KiB",
                        "KV per token        720 B       360 B       360 B       360 B       360 B       360 B",
                        "total             6.3 MiB     3.2 MiB     3.2 MiB     3.1 MiB     3.1 MiB     3.0 MiB");
    }

    @Test
    void writesTheSameAsJson() {
        CommandRun run = CommandRun.of("info", "--json", TinyModel.FOLDER.toString());
        JsonObject json = JsonParser.parseString(run.out()).getAsJsonObject();
        assertThat(run.exitCode()).isZero();
        assertThat(json.get("folder").getAsString()).isEqualTo(TinyModel.FOLDER.toString());
        assertThat(json.get("languageModel").getAsString()).isEqualTo("qwen2");
        assertThat(json.get("storedPrecision").getAsString()).isEqualTo("bfloat16");
        assertThat(json.get("parameters").getAsLong()).isEqualTo(info.parameters());
        assertThat(json.get("visionParameters").getAsLong()).isEqualTo(info.visionParameters());
        assertThat(json.get("weightBytes").getAsLong()).isEqualTo(info.weightBytes());
        assertThat(json.get("tokensPerTile").getAsInt()).isEqualTo(9);
        assertThat(json.getAsJsonObject("keyValueBytesPerToken").get("float32").getAsLong())
                .isEqualTo(4 * info.keyValueNumbersPerToken());
        assertThat(json.getAsJsonObject("memoryBytes").get("bfloat16").getAsLong())
                .isEqualTo(2 * (info.parameters() + 8192 * info.keyValueNumbersPerToken()));
    }

    @Test
    void showsAPublishedModelWithoutItsFiles() {
        CommandRun run = CommandRun.of("info", "InternVL2_5-78B-AWQ");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines())
                .contains(
                        "model        OpenGVLab/InternVL2_5-78B-AWQ",
                        "made from    InternViT-6B-448px-V2_5, Qwen2.5-72B-Instruct",
                        "licence      MIT, and for Qwen2.5-72B-Instruct the Qwen License",
                        "memory in         float32    bfloat16     float16        int4",
                        "KV per token    640.0 KiB   320.0 KiB   320.0 KiB   320.0 KiB")
                .anyMatch(line -> line.startsWith("stored       ") && line.endsWith(" GiB in int4"));
    }

    @Test
    void writesAPublishedModelAsJson() {
        CommandRun run = CommandRun.of("info", "--json", "OpenGVLab/InternVL2_5-1B");
        JsonObject json = JsonParser.parseString(run.out()).getAsJsonObject();
        assertThat(json.get("model").getAsString()).isEqualTo("OpenGVLab/InternVL2_5-1B");
        assertThat(json.get("weightBytes").getAsLong())
                .isEqualTo(2 * json.get("parameters").getAsLong());
    }

    @Test
    void writesTheMemoryOfAnExecutorOfSpark() {
        CommandRun run = CommandRun.of("info", "--spark", "--precision", "int8", "InternVL2_5-2B");
        long model =
                ModelInfo.Published.find("InternVL2_5-2B").orElseThrow().info().memoryBytes(Precision.INT8, 32_768);
        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines())
                .contains(
                        "# OpenGVLab/InternVL2_5-2B in int8: 8 requests at once, 32,768 tokens of KV cache",
                        "spark.internvl.model                 OpenGVLab/InternVL2_5-2B",
                        "spark.executor.memoryOverhead        " + ((model >> 20) + 1 + 256 + 1024) + "m",
                        "# spark.task.resource.gpu.amount       0.125");
        assertThat(CommandRun.of("info", "--spark", "--json", "InternVL2_5-2B").exitCode())
                .isEqualTo(2);
        assertThat(CommandRun.of("info", "--precision", "int8", "InternVL2_5-2B")
                        .exitCode())
                .isEqualTo(2);
    }

    @Test
    void listsTheFamily() {
        CommandRun run = CommandRun.of("info", "--all");
        assertThat(run.out().lines())
                .hasSize(1 + ModelInfo.Published.all().size())
                .anyMatch(
                        line -> line.matches(
                                "OpenGVLab/InternVL2_5-2B +InternViT-300M-448px-V2_5 +internlm2_5-1_8b-chat +4\\.1 GiB +96\\.0 KiB"));
        assertThat(CommandRun.of("info", "--all", "--json").exitCode()).isEqualTo(2);
    }

    @Test
    void plansForGpusThatAreNotThere() {
        CommandRun run = CommandRun.of("info", "InternVL2_5-8B", "--gpu-memory", "24,24");
        assertThat(run.out().lines())
                .containsExactly(
                        "cuda:0       7.3 GiB of 24.0 GiB free: vision, projector, embedding, layers 0 to 10, layer 31, head",
                        "cuda:1       8.8 GiB of 24.0 GiB free: layers 11 to 30");
        CommandRun refused = CommandRun.of("info", "InternVL2_5-8B", "--gpu-memory", "10");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("does not fit", "cuda:0 has 10.0 GiB free");
        assertThat(CommandRun.of("info", "InternVL2_5-8B", "--gpu-memory", "10", "--offload")
                        .out())
                .contains("cpu          ");
    }

    @Test
    void plansForThisMachine() {
        CommandRun run = CommandRun.of("info", "--devices", TinyModel.FOLDER.toString());
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("vision, projector, embedding, layers 0 to 2, head");
        assertThat(CommandRun.of("info", "--devices", "--json", "InternVL2_5-1B")
                        .exitCode())
                .isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "InternVL2_5-1, OpenGVLab/InternVL2_5-1B",
        "internvl3.5-8b, OpenGVLab/InternVL3_5-8B",
        "OpenGVLab/InternVL25-78B-AWK, OpenGVLab/InternVL2_5-78B-AWQ"
    })
    void suggestsTheNearestPublishedModel(String name, String nearest) {
        CommandRun run = CommandRun.of("info", name);
        assertThat(run.err())
                .startsWith("internvl: " + name + ": no such folder, and no published model of that name; did you mean "
                        + nearest + "? ");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void saysWhyAModelOfTheFamilyCannotRun() {
        CommandRun run = CommandRun.of("info", "InternVL3-9B");
        assertThat(run.err()).contains("InternVL3-9B is not supported");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void namesAFolderThatIsMissing() {
        CommandRun run = CommandRun.of("info", "no-such-folder");
        assertThat(run.err()).startsWith("internvl: no-such-folder: no such folder");
        assertThat(run.out()).isEmpty();
        assertThat(run.exitCode()).isEqualTo(1);
    }
}
