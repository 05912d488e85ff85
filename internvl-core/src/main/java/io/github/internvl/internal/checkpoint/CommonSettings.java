package io.github.internvl.internal.checkpoint;

import io.github.internvl.internal.checkpoint.ModelConfig.GenerationDefaults;
import io.github.internvl.internal.torch.NumberFormat;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;

/** Settings that both layouts have, in several places. */
final class CommonSettings {
    private CommonSettings() {}

    /** The number format of the weights: {@code dtype} since transformers 4.56, {@code torch_dtype} before. */
    static NumberFormat format(ConfigReader config, ConfigReader language) {
        String top = config.spelling("torch_dtype", "dtype");
        String inner = language.spelling("torch_dtype", "dtype");
        ConfigReader place = config.has(top) || !language.has(inner) ? config : language;
        String found = place.one(place == config ? top : inner, "bfloat16", "float16", "float32");
        return NumberFormat.valueOf(found.toUpperCase(Locale.ROOT));
    }

    /** The generation settings of a file; {@code begin} are the ids that generated tokens begin with, one or none. */
    static GenerationDefaults generation(ConfigReader place, Set<Integer> begin) {
        OptionalInt first = begin.stream().mapToInt(Integer::intValue).findFirst();
        double temperature = place.real("temperature", 1);
        double topP = place.real("top_p", 1);
        return new GenerationDefaults(
                first,
                temperature > 0 ? temperature : 1, // 0 stands for greedy decoding
                Math.max(place.signed("top_k", 50), 0),
                topP >= 0 && topP <= 1 ? topP : 1);
    }
}
