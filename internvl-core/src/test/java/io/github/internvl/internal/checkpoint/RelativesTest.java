package io.github.internvl.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.CheckpointException;
import io.github.internvl.InternVL;
import io.github.internvl.ModelInfo;
import io.github.internvl.fixtures.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models of the family that are refused: by their names, by their settings, by their tensors. */
class RelativesTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "InternVL3-9B,                          InternLM3,  OpenGVLab/InternVL3-8B",
        "InternVL3_5-4B-Flash,                  Flash,      OpenGVLab/InternVL3_5-4B",
        "InternVL3_5-GPT-OSS-20B-A4B-Preview,   GPT-OSS,    OpenGVLab/InternVL3_5-30B-A3B",
        "InternVL-14B-224px,                    connector,  OpenGVLab/InternVL3_5-14B",
    })
    void refusesByNameAndNamesTheNearest(String id, String reason, String instead) {
        assertThat(ModelInfo.Published.find(id)).isEmpty();
        assertThat(ModelInfo.Published.find(instead)).isPresent();
        for (Runnable wrong : new Runnable[] {
            () -> ModelInfo.of(Path.of(id)), () -> InternVL.load("OpenGVLab/" + id), () -> Checkpoint.open(Path.of(id))
        }) {
            assertThatThrownBy(wrong::run)
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageStartingWith("OpenGVLab/" + id + " is not supported, as ")
                    .hasMessageContaining(reason)
                    .hasMessageEndingWith("the nearest model that runs is " + instead);
        }
    }

    @Test
    void refusesTheirLanguageModels() throws IOException {
        refused(
                "config.json",
                text -> text.replace("\"qwen2\"", "\"internlm3\""),
                "llm_config: InternLM3, the language model of InternVL3-9B, is not supported");
        refused(
                "config.json",
                text -> text.replace("\"internlm3\"", "\"qwen2\"").replace("Qwen2ForCausalLM", "GptOssForCausalLM"),
                "GPT-OSS, the language model of InternVL3_5-GPT-OSS-20B-A4B-Preview");
    }

    @Test
    void refusesFlashByItsSettingsAndItsTensors() throws IOException {
        refused(
                "config.json",
                text -> text.replaceFirst("\\{", "{\"flash_relative_threshold\": 0.5,"),
                "flash_relative_threshold belongs to InternVL3.5-Flash");
        TinyCheckpoint.edit(
                folder.resolve("config.json"), text -> text.replace("\"flash_relative_threshold\": 0.5,", ""));
        assertThatThrownBy(() -> Relatives.refuse(folder, Set.of("vision_model.x", "gating.gate.weight")))
                .hasMessageContaining("tensor gating.gate.weight belongs to InternVL3.5-Flash")
                .hasMessageContaining("OpenGVLab/InternVL3_5-4B");
    }

    @Test
    void refusesOtherConnectors() throws IOException {
        refused("config.json", text -> text.replaceFirst("\\{", "{\"qllama_config\": {},"), "connected by QLLaMA");
        refused(
                "config.json",
                text -> text.replace(
                        "\"qllama_config\": {},", "\"mm_vision_tower\": \"OpenGVLab/InternViT-6B-224px\","),
                "LLaVA's projector");
    }

    private void refused(String file, UnaryOperator<String> edit, String message) throws IOException {
        if (!Files.exists(folder.resolve(file))) {
            TinyCheckpoint.copy(TinyCheckpoint.qwen(), folder);
        }
        TinyCheckpoint.edit(folder.resolve(file), edit);
        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(message);
    }
}
