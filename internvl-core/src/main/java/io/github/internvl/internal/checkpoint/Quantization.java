package io.github.internvl.internal.checkpoint;

/** What a configuration says of quantized weights: AWQ's 4-bit "gemm" form is known, all others are refused. */
final class Quantization {
    private static final String KNOWN = "what works: quant_method awq, version gemm, bits 4, zero_point true, as the "
            + "official *-AWQ checkpoints have it; or load the checkpoint that it was made from with INT8 or INT4";

    private Quantization() {}

    /** Inputs that share a scale; 0 if the weights are not quantized. */
    static int group(ConfigReader language) {
        if (!language.has("quantization_config")) {
            return 0;
        }
        ConfigReader found = language.section("quantization_config");
        expect(found, "quant_method", found.text("quant_method", "none"), "awq");
        expect(found, "version", found.text("version", "gemm"), "gemm");
        expect(found, "bits", found.number(found.has("w_bit") ? "w_bit" : "bits"), 4);
        expect(found, "zero_point", found.flag("zero_point", true), true);
        String group = found.has("q_group_size") ? "q_group_size" : "group_size";
        int inputs = found.number(group);
        int width = language.number("hidden_size");
        int mlpWidth = language.number("intermediate_size");
        if (width % inputs != 0 || mlpWidth % inputs != 0) {
            throw found.wrong(
                    group, inputs, "a divisor of hidden_size " + width + " and intermediate_size " + mlpWidth);
        }
        return inputs;
    }

    private static void expect(ConfigReader config, String key, Object found, Object known) {
        if (!found.equals(known)) {
            throw config.refused(key, found, KNOWN);
        }
    }
}
