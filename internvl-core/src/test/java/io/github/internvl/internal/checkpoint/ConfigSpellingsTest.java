package io.github.internvl.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.CheckpointException;
import io.github.internvl.fixtures.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Settings by all of their names. An edit is {@code section/key=value; ...} in JSON with single quotes; without a value the
 * key is removed.
 */
class ConfigSpellingsTest {
    private static final String PHI3 =
            "llm_config/model_type='phi3'; llm_config/original_max_position_embeddings=4096; ";

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "qwen   | llm_config/rope_theta; llm_config/rope_parameters={'rope_theta': 1000000.0, 'rope_type': 'default'}",
                "qwen   | llm_config/rope_parameters={'rope_theta': 1e6, 'rope_type': 'default'}",
                "qwen   | llm_config/rope_scaling={'rope_type': 'default'}",
                "qwen   | llm_config/rope_scaling={'type': 'default', 'factor': 1.0}",
                "qwen   | llm_config/rope_scaling={}; llm_config/rope_parameters=null",
                "qwen   | torch_dtype; dtype='bfloat16'",
                "qwen   | torch_dtype",
                "qwen   | torch_dtype; llm_config/torch_dtype; llm_config/dtype='bfloat16'",
                "qwen   | dtype='bfloat16'",
                "qwen   | llm_config/hidden_act; llm_config/hidden_activation='silu'",
                "qwen   | llm_config/hidden_act='swish'",
                "qwen   | llm_config/head_dim=10",
                "qwen   | llm_config/head_dim=null",
                "qwen   | llm_config/tie_word_embeddings",
                "qwen   | llm_config/layer_types=['full_attention', 'full_attention', 'full_attention']",
                "qwen   | llm_config/use_sliding_window=true; llm_config/max_window_layers=3",
                "qwen   | force_image_size=null",
                "qwen   | force_image_size=[36, 36]",
                "qwen   | vision_config/image_size={'height': 36, 'width': 36}",
                "qwen   | llm_config/rms_norm_eps=0.000001",
                "native | text_config/rope_scaling={'type': 'dynamic', 'factor': 3}",
                "native | text_config/rope_scaling={'rope_type': 'dynamic', 'factor': 3.0, 'rope_theta': 1e6}; text_config/rope_theta",
                "native | text_config/rope_scaling; text_config/rope_theta; text_config/rope_parameters={'type': 'dynamic', 'factor': 3.0, 'rope_theta': 1e6}",
                "native | text_config/head_dim",
                "native | text_config/num_key_value_heads=2",
                "native | text_config/partial_rotary_factor=1.0",
                "native | vision_config/image_size=20; vision_config/patch_size=5",
                "native | dtype; torch_dtype='bfloat16'",
                "native | dtype",
                "native | text_config/tie_word_embeddings=false",
            })
    void meansTheSameByAnotherName(String base, String edit) throws IOException {
        Path original = base.equals("qwen") ? TinyCheckpoint.qwen() : TinyCheckpoint.internlm2Native();

        ModelConfig changed = edited(original, edit);

        assertThat(changed).isEqualTo(Checkpoint.config(original));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "qwen   | llm_config/rope_theta                           | llm_config.rope_theta (or rope_parameters.rope_theta): missing",
                "qwen   | llm_config/rope_theta; llm_config/rope_parameters={'rope_type': 'default'} | rope_parameters.rope_theta: missing",
                "qwen   | llm_config/rope_parameters={'rope_theta': 10000.0} | llm_config.rope_theta: must agree with",
                "qwen   | llm_config/rope_scaling={'type': 'yarn', 'factor': 4.0} | rope_scaling.type: unknown value 'yarn' (supported: default, dynamic)",
                "qwen   | llm_config/rope_scaling={'rope_type': 'linear', 'factor': 4.0} | rope_type: unknown value 'linear'",
                "qwen   | llm_config/rope_scaling={'rope_type': 'dynamic'} | rope_scaling.factor: missing",
                "qwen   | llm_config/rope_scaling={'factor': 2.0}         | rope_scaling.rope_type: missing",
                "qwen   | llm_config/rope_scaling={'rope_type': 'default', 'type': 'dynamic'} | must agree",
                "qwen   | llm_config/rope_scaling={'type': 'default', 'factor': 2.0} | rope_scaling.factor",
                "qwen   | llm_config/rope_scaling={'type': 'dynamic', 'factor': 0.5} | rope_scaling.factor",
                "qwen   | llm_config/rope_scaling={'type': 'default', 'mrope_section': [1, 2]} | rope_scaling.mrope_section: unknown setting",
                "qwen   | llm_config/rope_parameters={'full_attention': {'rope_theta': 1e6}} | rope_parameters.full_attention: unknown setting",
                "qwen   | llm_config/rope_type='default'                  | llm_config.rope_type: unknown setting",
                "qwen   | llm_config/rope_local_base_freq=10000           | llm_config.rope_local_base_freq: unknown setting",
                "qwen   | llm_config/rotary_pct=0.5                       | llm_config.rotary_pct: unknown setting",
                "qwen   | rope_theta_2=1                                  | config.json: rope_theta_2: unknown setting",
                "qwen   | vision_config/rope_theta_2=1                    | vision_config.rope_theta_2: unknown setting",
                "qwen   | llm_config/partial_rotary_factor=0.5            | partial_rotary_factor: unknown value '0.5'",
            })
    void refusesByNameRotarySettingsThatItCannotMean(String base, String edit, String message) {
        assertRefused(base, edit, message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "qwen   | llm_config/rms_norm_eps                         | llm_config.rms_norm_eps: missing",
                "qwen   | llm_config/hidden_act                           | llm_config.hidden_act: missing",
                "qwen   | llm_config/hidden_act='gelu'                    | llm_config.hidden_act: unknown value 'gelu'",
                "qwen   | llm_config/hidden_activation='gelu'             | must agree",
                "qwen   | llm_config/norm_type='layer_norm'               | llm_config.norm_type",
                "qwen   | llm_config/use_sliding_window=true; llm_config/max_window_layers=2 | llm_config.use_sliding_window",
                "qwen   | llm_config/layer_types=['sliding_attention']    | layer_types: unknown value 'sliding_attention'",
                "qwen   | llm_config/num_key_value_heads                  | num_key_value_heads: missing",
                "qwen   | llm_config/num_key_value_heads=4                | num_key_value_heads: unknown value '4'",
                "qwen   | llm_config/head_dim=9                           | head_dim: unknown value '9'",
                "qwen   | llm_config/tie_word_embeddings='yes'            | tie_word_embeddings: has the wrong type",
                "qwen   | torch_dtype; llm_config/torch_dtype             | dtype: missing",
                "qwen   | dtype='float32'                                 | must agree",
                "qwen   | torch_dtype='float8'                            | torch_dtype: unknown value 'float8'",
                "qwen   | vision_config/hidden_act='quick_gelu'           | vision_config.hidden_act: unknown value 'quick_gelu'",
                "qwen   | vision_config/layer_norm_eps                    | vision_config.layer_norm_eps: missing",
                "qwen   | vision_config/norm_type                         | vision_config.norm_type: missing",
                "qwen   | vision_config/qk_normalization                  | qk_normalization: missing",
                "qwen   | vision_config/qkv_bias                          | qkv_bias: missing",
                "qwen   | vision_config/num_channels=4                    | num_channels: unknown value '4'",
                "qwen   | vision_config/image_size=[36, 48]               | image_size",
            })
    void refusesByNamePartsThatItCannotMean(String base, String edit, String message) {
        assertRefused(base, edit, message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "qwen   | ps_version                                      | ps_version: missing",
                "qwen   | ps_version='v3'                                 | ps_version: unknown value 'v3'",
                "qwen   | select_layer                                    | select_layer: missing",
                "qwen   | downsample_ratio                                | downsample_ratio: missing",
                "qwen   | max_dynamic_patch                               | max_dynamic_patch: missing",
                "qwen   | min_dynamic_patch                               | min_dynamic_patch: missing",
                "qwen   | dynamic_image_size                              | dynamic_image_size: missing",
                "qwen   | use_thumbnail                                   | use_thumbnail: missing",
                "qwen   | template                                        | template: missing",
                "qwen   | pad2square=true                                 | pad2square",
                "qwen   | use_llm_lora=16                                 | use_llm_lora: '16' is not supported; merge the LoRA weights",
                "qwen   | use_backbone_lora=8                             | use_backbone_lora: '8'",
                "qwen   | quantization_config={'quant_method': 'bitsandbytes', 'load_in_8bit': true} | quant_method: 'bitsandbytes'",
                "qwen   | quantization_config={'quant_method': 'fp8'}     | quant_method: 'fp8'",
                "qwen   | quantization_config={'quant_method': 'gptq', 'bits': 4} | quant_method: 'gptq'",
                "native | text_config/rope_scaling; text_config/rope_parameters={'rope_type': 'yarn', 'factor': 3.0, 'rope_theta': 1e6} | unknown value 'yarn'",
                "native | text_config/rope_parameters={'rope_type': 'default', 'rope_theta': 1e6} | must agree",
                "native | text_config/mlp_bias=true                       | mlp_bias",
                "native | vision_feature_layer                            | vision_feature_layer: missing",
                "native | vision_feature_layer=[-1, -2]                   | vision_feature_layer: has the wrong type",
                "native | vision_feature_select_strategy='full'           | vision_feature_select_strategy",
                "native | projector_hidden_act='relu'                     | projector_hidden_act",
                "native | image_seq_length=5                              | image_seq_length: unknown value '5'",
                "native | vision_config/use_qk_norm                       | use_qk_norm: missing",
                "native | vision_config/use_mean_pooling=false            | use_mean_pooling",
                "native | vision_config/layer_norm_eps=1e-5               | layer_norm_eps",
            })
    void refusesByNameSettingsOfTheWholeThatItCannotMean(String base, String edit, String message) {
        assertRefused(base, edit, message);
    }

    @Test
    void takesWhatInternlm2sOwnCodeReadsWhereTransformers5SaysOtherwise() throws IOException {
        Path original = TinyCheckpoint.internlm2();

        ModelConfig changed = edited(
                original,
                "llm_config/rope_scaling; llm_config/rope_parameters="
                        + "{'rope_theta': 10000.0, 'rope_type': 'dynamic', 'factor': 3.0}");

        assertThat(changed).isEqualTo(Checkpoint.config(original));
    }

    @ParameterizedTest
    @ValueSource(strings = {"float32", "float16"})
    void readsTheNumberFormatByItsNewName(String format) throws IOException {
        ModelConfig changed = edited(TinyCheckpoint.qwen(), "torch_dtype; dtype='" + format + "'");

        assertThat(changed.storedFormat().name()).isEqualToIgnoringCase(format);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readsTheTilesOfEitherProcessorFile(boolean newer) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2Native(), folder);
        Path older = folder.resolve("preprocessor_config.json");
        String image = Files.readString(older).replace("\"max_patches\": 12", "\"max_patches\": 4");
        if (newer) {
            Files.delete(older);
            Files.writeString(folder.resolve("processor_config.json"), "{\"image_processor\": " + image + "}");
        } else {
            Files.writeString(older, image);
        }

        assertThat(Checkpoint.config(folder).maxTiles()).isEqualTo(4);
    }

    @Test
    void refusesProcessorFilesThatDisagreeOrAreMissing() throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2Native(), folder);
        Path older = folder.resolve("preprocessor_config.json");
        String image = Files.readString(older).replace("\"max_patches\": 12", "\"max_patches\": 4");
        Path newer = folder.resolve("processor_config.json");
        Files.writeString(newer, "{\"image_processor\": " + image + "}");
        assertThatThrownBy(() -> Checkpoint.config(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(newer + " and preprocessor_config.json: min_patches and max_patches must agree");

        Files.delete(newer);
        Files.delete(older);
        assertThatThrownBy(() -> Checkpoint.config(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(older + ": missing");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"max_patches\": 12,   |                           | max_patches: missing",
                "0.485                  | 0.48145466                | image_mean",
                "0.229                  | 0.26862954                | image_std",
                "\"height\": 20         | \"height\": 24            | size",
                "\"resample\": 3        | \"resample\": 2           | resample",
                "\"resample\": 3        | \"resample\": 3, \"do_center_crop\": true, \"crop_size\": 16 | crop_size",
                "\"do_rescale\": true   | \"do_rescale\": false     | do_rescale",
                "\"rescale_factor\": 0.00392156862745098 | \"rescale_factor\": 0.0078 | rescale_factor",
                "GotOcr2ImageProcessor  | OtherImageProcessor       | image_processor_type",
            })
    void refusesAProcessorOfOtherPixels(String from, String to, String message) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2Native(), folder);
        Path file = folder.resolve("preprocessor_config.json");
        TinyCheckpoint.edit(file, text -> text.replace(from, to == null ? "" : to));

        assertThatThrownBy(() -> Checkpoint.config(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(file + ": " + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"resample\": 3      | \"resample\": 3, \"do_center_crop\": true",
                "\"resample\": 3      | \"resample\": 3, \"do_center_crop\": true, \"crop_size\": 20",
                "\"min_patches\": 1, | ''",
            })
    void takesSettingsThatChangeNoNumber(String from, String to) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2Native(), folder);
        TinyCheckpoint.edit(
                folder.resolve("preprocessor_config.json"),
                text -> (to.isEmpty() ? text.replace("\"max_patches\": 12,", "") : text).replace(from, to));

        assertThat(Checkpoint.config(folder)).isEqualTo(Checkpoint.config(TinyCheckpoint.internlm2Native()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keepsPicturesWhereTheVideoProcessorHasItsClasssOwnSettings(boolean newer) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2Native(), folder);
        String published = "{\"size\": {\"height\": 384, \"width\": 384}, \"image_mean\": [0.48145466, 0.4578275,"
                + " 0.40821073], \"image_std\": [0.26862954, 0.26130258, 0.27577711], \"do_center_crop\": null}";
        Path file = folder.resolve(newer ? "processor_config.json" : "video_preprocessor_config.json");
        Files.writeString(file, newer ? "{\"video_processor\": " + published + "}" : published);

        ModelConfig config = Checkpoint.config(folder);

        assertThat(config.videoFault())
                .startsWith(file + ": " + (newer ? "video_processor." : "") + "size: unknown value '384'");
        assertThat(config.maxTiles()).isEqualTo(12);
    }

    @ParameterizedTest
    @ValueSource(strings = {"chat_template.jinja", "chat_template.json"})
    void refusesAChatTemplateOfAnotherDialogueFormat(String name) throws IOException {
        TinyCheckpoint.copy(TinyCheckpoint.internlm2Native(), folder);
        Path file = folder.resolve(name);
        String known = "<|im_start|>user <IMG_CONTEXT><|im_end|>";
        Files.writeString(file, "{\"chat_template\": \"" + known + "\"}");
        assertThat(Checkpoint.config(folder)).isEqualTo(Checkpoint.config(TinyCheckpoint.internlm2Native()));

        Files.writeString(file, "{\"chat_template\": \"" + known.replace("<IMG_CONTEXT>", "<image>") + "\"}");
        assertThat(Checkpoint.config(folder)).isEqualTo(Checkpoint.config(TinyCheckpoint.internlm2Native()));

        Files.writeString(file, "{\"chat_template\": \"<|im_start|><|im_end|>\"}");
        assertThatThrownBy(() -> Checkpoint.config(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("must write <IMG_CONTEXT> or <image>");

        Files.writeString(file, "{\"chat_template\": \"[INST] <IMG_CONTEXT> [/INST]\"}");
        assertThatThrownBy(() -> Checkpoint.config(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("must write <|im_start|>");
    }

    private void assertRefused(String base, String edit, String message) {
        Path original = base.equals("qwen") ? TinyCheckpoint.qwen() : TinyCheckpoint.internlm2Native();

        assertThatThrownBy(() -> edited(original, edit))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(folder.resolve("config.json").toString())
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "llm_config/head_dim=24 | 24 | false | false",
                "llm_config/rope_theta=1e6 | 128 | false | false",
                "llm_config/head_dim=24; llm_config/attention_bias=true | 24 | true | false",
                "llm_config/head_dim=24; llm_config/tie_word_embeddings=true | 24 | false | true",
                "llm_config/head_dim=24; llm_config/tie_word_embeddings; tie_word_embeddings | 24 | false | false",
            })
    void readsQwen3AsItsClassDoes(String edit, int headWidth, boolean bias, boolean tied) throws IOException {
        String qwen3 = "llm_config/model_type='qwen3'; llm_config/bos_token_id=7; ";

        ModelConfig config = edited(TinyCheckpoint.qwen(), qwen3 + edit);

        assertThat(config.language().headWidth()).isEqualTo(headWidth);
        assertThat(config.language().attentionBias()).isEqualTo(bias);
        assertThat(config.language().outputBias()).isEqualTo(bias);
        assertThat(config.language().tied()).isEqualTo(tied);
        assertThat(config.generation().beginId()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"su", "longrope"})
    void readsPhi3sTwoListsOfDivisors(String kind) throws IOException {
        RopeConfig rope = edited(TinyCheckpoint.qwen(), PHI3 + divisors(kind, 5))
                .language()
                .rope();

        assertThat(rope.isScaled()).isTrue();
        assertThat(rope.limit()).isEqualTo(4096);
        assertThat(rope.few()).containsExactly(1.0, 1.0, 1.0, 1.0, 1.0);
        assertThat(rope.many()).containsExactly(2.0, 2.0, 2.0, 2.0, 2.0);
        assertThat(rope.magnitude()).isEqualTo(Math.sqrt(1 + Math.log(8) / Math.log(4096)));
        assertThat(rope.unscaled()).as("no reference leaves the divisors out").isEqualTo(rope);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "qwen2 | su   | 5 | rope_scaling.short_factor: unknown setting",
                "phi3  | su   | 4 | rope_scaling.short_factor: unknown value",
                "phi3  | yarn | 5 | rope_scaling.short_factor: unknown setting",
            })
    void refusesPhi3sScalingElsewhereAndListsOfAnotherLength(String family, String kind, int count, String message) {
        assertRefused("qwen", PHI3.replace("phi3", family) + divisors(kind, count), message);
    }

    private static String divisors(String kind, int count) {
        return "llm_config/rope_scaling={'type': '" + kind + "', 'short_factor': " + Collections.nCopies(count, 1.0)
                + ", 'long_factor': " + Collections.nCopies(count, 2.0) + "}";
    }

    @Test
    void scalesQwen2OfTheOfficialLayoutToo() throws IOException {
        ModelConfig config =
                edited(TinyCheckpoint.qwen(), "llm_config/rope_scaling={'type': 'dynamic', 'factor': 2.0}");

        assertThat(config.language().rope().factor()).isEqualTo(2);
        assertThat(config.withoutRopeScaling()).isEqualTo(Checkpoint.config(TinyCheckpoint.qwen()));
    }

    private ModelConfig edited(Path original, String edit) throws IOException {
        TinyCheckpoint.copy(original, folder);
        Path file = folder.resolve("config.json");
        JsonObject root = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        for (String each : List.of(edit.split("; ", -1))) {
            int equals = each.indexOf('=');
            String[] path = (equals < 0 ? each : each.substring(0, equals)).split("/", -1);
            JsonObject place = root;
            for (int i = 0; i + 1 < path.length; i++) {
                place = place.getAsJsonObject(path[i]);
            }
            String key = path[path.length - 1];
            if (equals < 0) {
                assertThat(place.remove(key)).as(key).isNotNull();
            } else {
                JsonElement value =
                        JsonParser.parseString(each.substring(equals + 1).replace('\'', '"'));
                place.add(key, value);
            }
        }
        Files.writeString(file, root.toString());
        return Checkpoint.config(folder);
    }
}
