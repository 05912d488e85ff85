package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportCommandTest {
    @TempDir
    private Path folder;

    private JsonObject export(String... args) throws IOException {
        CommandRun run = CommandRun.of(args);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).isEqualTo(folder.resolve("graphs") + "\n");
        return JsonParser.parseString(Files.readString(folder.resolve("graphs/graphs.json")))
                .getAsJsonObject();
    }

    private List<String> entries(String archive) throws IOException {
        try (ZipFile zip = new ZipFile(folder.resolve("graphs").resolve(archive).toFile())) {
            return zip.stream().map(ZipEntry::getName).collect(Collectors.toList());
        }
    }

    private static JsonObject call(JsonObject json, String graph, int index) {
        return json.getAsJsonObject(graph).getAsJsonArray("calls").get(index).getAsJsonObject();
    }

    @Test
    void writesGraphsOfAFolderThatHoldsItsConfigurationAlone() throws IOException {
        Files.copy(TinyModel.FOLDER.resolve("config.json"), folder.resolve("config.json"));
        JsonObject json = export(
                "export-graph",
                "--precision",
                "float32",
                "--out",
                folder.resolve("graphs").toString(),
                folder.toString());
        assertThat(json.get("tokensPerTile").getAsInt()).isEqualTo(9);
        assertThat(call(json, "vision", 0))
                .hasToString(
                        "{\"method\":\"build\",\"tables\":[\"first\",\"last\"],\"arguments\":[6,\"cpu\",\"cpu\"]}");
        assertThat(json.getAsJsonObject("decoder").getAsJsonArray("calls")).hasSize(1 + 3);
        assertThat(json.getAsJsonObject("decoder")
                        .getAsJsonObject("tables")
                        .getAsJsonArray("first")
                        .asList())
                .anySatisfy(weight -> assertThat(weight)
                        .hasToString("{\"name\":\"embedding.weight\","
                                + "\"stored\":\"language_model.model.embed_tokens.weight\",\"shape\":[427,60]}"));
        assertThat(entries("vision.pt"))
                .contains("graph/data.pkl", "graph/code/__torch__/vision.py", "graph/code/__torch__/linear.py");
        assertThat(entries("decoder.pt")).contains("graph/code/__torch__/decoder.py", "graph/code/__torch__/cache.py");
    }

    @Test
    void writesGraphsForAGpuThatIsNotHereOfAPublishedModel() throws IOException {
        JsonObject json = export(
                "export-graph",
                "--precision",
                "int4",
                "--device",
                "cuda:0",
                "--out",
                folder.resolve("graphs").toString(),
                "InternVL2_5-26B");
        assertThat(json.get("numbers").getAsString()).isEqualTo("BF16");
        assertThat(json.getAsJsonObject("languageConfig").get("width").getAsInt())
                .isEqualTo(6144);
        assertThat(json.getAsJsonObject("decoder").getAsJsonObject("used"))
                .satisfies(used -> assertThat(used.get("linear").getAsString()).isEqualTo("int4_cuda"))
                .satisfies(used -> assertThat(used.get("head").getAsString()).isEqualTo("int8_cuda"));
        assertThat(call(json, "decoder", 1))
                .hasToString(
                        "{\"method\":\"make_layer\",\"tables\":[\"layers.0\"],\"arguments\":[15,\"cuda:0\",0,48,8,128,1.0E-6,0,false]}");
    }

    @Test
    void refusesWhatIsNotThere() {
        String out = folder.resolve("graphs").toString();
        CommandRun model = CommandRun.of("export-graph", "--out", out, "no-such-model");
        assertThat(model.exitCode()).isEqualTo(1);
        assertThat(model.err()).contains("no-such-model: no such folder");
        CommandRun device = CommandRun.of("export-graph", "--out", out, "--device", "tpu", "InternVL2_5-1B");
        assertThat(device.exitCode()).isEqualTo(2);
        assertThat(device.err()).contains("device must be cpu or cuda:N").contains("tpu");
    }
}
