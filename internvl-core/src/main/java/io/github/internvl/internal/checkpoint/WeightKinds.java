package io.github.internvl.internal.checkpoint;

import io.github.internvl.CheckpointException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Kinds of weights that tensor names give away and that no graph takes: each is refused in a sentence. */
final class WeightKinds {
    private static final List<String> ADAPTED = List.of(".lora_", ".base_layer.", "base_model.model.");
    private static final List<String> QUANTIZED = List.of(
            ".qweight",
            ".g_idx",
            ".SCB",
            ".weight_format",
            ".absmax",
            ".quant_map",
            ".weight_packed",
            ".weight_scale",
            ".weight_scale_inv");

    private WeightKinds() {}

    /** Refuses adapters, and quantized weights that config.json is silent about. */
    static void check(Path folder, ModelConfig config, Map<String, StoredTensor> tensors) {
        find(tensors, name -> ADAPTED.stream().anyMatch(name::contains)).ifPresent(tensor -> {
            throw new CheckpointException(tensor.file() + ": holds LoRA weights that are not merged, such as "
                    + tensor.name() + "; merge first (merge_and_unload of peft), and load the merged folder");
        });
        if (config.language().packedGroup() == 0) {
            find(tensors, name -> QUANTIZED.stream().anyMatch(name::endsWith)).ifPresent(tensor -> {
                throw new CheckpointException(tensor.file() + ": holds quantized weights, such as " + tensor.name()
                        + ", but config.json has no quantization_config; "
                        + "load the checkpoint that it was made from, with INT8 or INT4");
            });
        }
    }

    private static Optional<StoredTensor> find(Map<String, StoredTensor> tensors, Predicate<String> which) {
        return tensors.values().stream()
                .filter(tensor -> which.test(tensor.name()))
                .findFirst();
    }
}
