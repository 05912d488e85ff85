package io.github.internvl.internal.checkpoint;

import io.github.internvl.CheckpointException;
import java.util.ArrayList;
import java.util.List;

/**
 * The quantization settings of a checkpoint: AWQ's 4-bit "gemm" form is known, all others are refused. The section
 * stands in that of the language model, or at the top of the file, where transformers writes it.
 */
final class Quantization {
    private static final String KNOWN = "what works: quant_method awq, version gemm, bits 4, zero_point true, as the "
            + "official *-AWQ checkpoints have it; or load the checkpoint that it was made from with INT8 or INT4";

    private Quantization() {}

    /** Inputs that share a scale; 0 if the weights are not quantized. */
    static int group(ConfigReader config, ConfigReader language) {
        List<Integer> groups = new ArrayList<>();
        for (ConfigReader place : List.of(language, config)) {
            if (place.has("quantization_config")) {
                groups.add(inputs(place.section("quantization_config"), language));
            }
        }
        if (groups.size() > 1 && !groups.get(0).equals(groups.get(1))) {
            throw new CheckpointException(language.place("quantization_config") + " and "
                    + config.place("quantization_config") + ": group_size must agree: " + groups.get(0) + " and "
                    + groups.get(1));
        }
        return groups.isEmpty() ? 0 : groups.get(0);
    }

    private static int awq(ConfigReader found) {
        if (!found.has("quant_method")) {
            throw found.refused("quant_method", "none", KNOWN);
        }
        expect(found, "quant_method", found.text("quant_method"), "awq");
        expect(found, "version", found.text("version"), "gemm");
        String bits = found.spelling("w_bit", "bits");
        expect(found, bits, found.number(bits), 4);
        expect(found, "zero_point", found.flag("zero_point"), true);
        return found.number(found.spelling("q_group_size", "group_size"));
    }

    private static int inputs(ConfigReader found, ConfigReader language) {
        int inputs = awq(found);
        int width = language.number("hidden_size");
        String key = language.has("moe_intermediate_size") ? "moe_intermediate_size" : "intermediate_size";
        int mlpWidth = language.number(key);
        if (width % inputs != 0 || mlpWidth % inputs != 0) {
            throw found.wrong(
                    found.spelling("q_group_size", "group_size"),
                    inputs,
                    "a divisor of hidden_size " + width + " and " + key + " " + mlpWidth);
        }
        return inputs;
    }

    private static void expect(ConfigReader config, String key, Object found, Object known) {
        if (!found.equals(known)) {
            throw config.refused(key, found, KNOWN);
        }
    }
}
