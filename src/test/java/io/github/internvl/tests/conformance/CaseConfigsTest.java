package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.StoredTensor;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.tiles.ImageProcessor;
import io.github.internvl.vision.tiles.TilingOptions;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The cases of given goldens whose answers are not simply those of a variant; the others run with the variants. */
class CaseConfigsTest {
    private static Path cases() {
        return Goldens.all().stream()
                .flatMap(goldens -> CaseVariants.folder(goldens).stream())
                .findFirst()
                .orElseGet(() -> Assumptions.abort("no folder of cases is given"));
    }

    private static GoldenVariant variant(String name) {
        return Goldens.all().stream()
                .filter(goldens -> CaseVariants.folder(goldens).isPresent())
                .flatMap(goldens -> CaseVariants.find(goldens.variants(), name).stream())
                .findFirst()
                .orElseGet(() -> Assumptions.abort("the given goldens have no " + name));
    }

    @Test
    void takesTilesFromAProcessorConfigAlone() {
        Path file = cases().resolve("02-processor-config/processor_config.json");
        GoldenVariant overlay = new Overlay(variant("qwen-hf"), "case-02")
                .without("preprocessor_config.json")
                .with(Map.of("processor_config.json", file))
                .variant();
        ModelConfig config = Checkpoint.config(overlay.model());
        TilingOptions options =
                new TilingOptions(config.tileSize(), config.minTiles(), config.maxTiles(), config.thumbnail());
        Image picture = Image.open(overlay.goldens().folder().resolve("images").resolve("a_land.png"));

        assertThat(config.maxTiles()).isEqualTo(4);
        assertThat(ImageProcessor.countTiles(picture, options)).isEqualTo(5);
    }

    @Test
    void takesTheWholeFileWhereAnIndexAndOldShardsLieBesideIt() {
        Path index = cases().resolve("03-stale-index/model.safetensors.index.json");
        Path old = variant("qwen").model();
        GoldenVariant overlay = new Overlay(variant("qwen-hf"), "case-03-shards")
                .with(Map.of(
                        "model.safetensors.index.json",
                        index,
                        "model-00001-of-00003.safetensors",
                        old.resolve("model-00001-of-00003.safetensors"),
                        "model-00002-of-00003.safetensors",
                        old.resolve("model-00002-of-00003.safetensors"),
                        "model-00003-of-00003.safetensors",
                        old.resolve("model-00003-of-00003.safetensors")))
                .variant();

        assertThat(Checkpoint.open(overlay.model()).tensors().values().stream()
                        .map(StoredTensor::file)
                        .distinct())
                .containsExactly(overlay.model().resolve("model.safetensors"));
    }

    @Test
    void answersWithoutScalingWhereTheKindIsDefault() {
        Path file = cases().resolve("07-rope-type-default/internlm2.config.json");
        GoldenVariant overlay = new Overlay(variant("internlm2"), "case-07-internlm2")
                .with(Map.of("config.json", file))
                .variant();
        int compared = 0;
        try (EngineSubject loaded = EngineSubject.load(overlay, 1, 512, 4)) {
            for (GoldenCase golden : overlay.cases()) {
                if (golden.json().has("without_scaling_ids")) {
                    GoldenCase.Round round = golden.rounds().get(0);
                    Goldens.compareIds(
                            round + ": without_scaling_ids",
                            Goldens.ints(golden.json().get("without_scaling_ids")),
                            loaded.ask(round).get().ids());
                    compared++;
                }
            }
        }
        assertThat(Checkpoint.config(overlay.model()).language().rope().isScaled())
                .isFalse();
        assertThat(compared).isPositive();
    }
}
