package io.github.internvl.server.openai;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.server.http.JsonFields;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The generation settings of OpenAI's chat and completions, and of LMDeploy. Decoding is greedy unless a sampling setting is present
 * or more than one answer is requested.
 */
final class SamplingFields {
    private static final int MOST_ANSWERS = 128;
    private static final int MOST_STOPS = 32;
    private static final int MOST_LOGPROBS = 20;

    /** The names of these fields, for chats and for completions. */
    static final Set<String> NAMES = Set.of(
            "bad_words",
            "frequency_penalty",
            "ignore_eos",
            "include_stop_str_in_output",
            "logit_bias",
            "logprobs",
            "max_completion_tokens",
            "max_tokens",
            "min_new_tokens",
            "min_p",
            "min_tokens",
            "n",
            "presence_penalty",
            "repetition_penalty",
            "seed",
            "skip_special_tokens",
            "stop",
            "stop_token_ids",
            "temperature",
            "top_k",
            "top_logprobs",
            "top_p",
            "typical_p");

    private SamplingFields() {}

    /** Reads all settings but log probabilities, which chats and completions request differently. */
    static GenerationConfig.Builder read(JsonFields body) {
        GenerationConfig.Builder config = GenerationConfig.builder();
        set(body, "top_p", body.number("top_p"), config::topP);
        set(body, "min_p", body.number("min_p"), config::minP);
        set(body, "typical_p", body.number("typical_p"), config::typicalP);
        set(body, "top_k", body.integer("top_k"), topK -> config.topK(Math.max(topK, 0))); // -1 means all in vLLM
        set(body, "repetition_penalty", body.number("repetition_penalty"), config::repetitionPenalty);
        set(body, "presence_penalty", body.number("presence_penalty"), config::presencePenalty);
        set(body, "frequency_penalty", body.number("frequency_penalty"), config::frequencyPenalty);
        set(body, "seed", body.longInteger("seed"), config::seed);
        for (String name : List.of("min_new_tokens", "min_tokens")) {
            set(body, name, body.integer(name), config::minNewTokens);
        }
        for (String name : List.of("max_tokens", "max_completion_tokens")) {
            set(body, name, body.integer(name), config::maxNewTokens);
        }
        set(body, "ignore_eos", body.flag("ignore_eos"), config::ignoreEnd);
        set(body, "skip_special_tokens", body.flag("skip_special_tokens"), config::skipSpecialTokens);
        set(body, "include_stop_str_in_output", body.flag("include_stop_str_in_output"), config::includeStop);
        set(body, "logit_bias", biases(body), config::logitBias);
        set(body, "stop_token_ids", body.integers("stop_token_ids"), config::stopIds);
        set(body, "stop", texts(body, "stop"), config::stop);
        set(body, "bad_words", texts(body, "bad_words"), config::badWords);
        readSampling(body, config);
        return config;
    }

    private static void readSampling(JsonFields body, GenerationConfig.Builder config) {
        Integer answers = body.integer("n");
        if (answers != null && (answers < 1 || answers > MOST_ANSWERS)) {
            throw body.invalid("n", "must be 1.." + MOST_ANSWERS);
        }
        Double temperature = body.number("temperature");
        if (temperature != null && temperature == 0) {
            config.sampling(false);
        } else if (temperature != null) {
            set(body, "temperature", temperature, config::temperature);
        } else if (answers != null && answers > 1) {
            config.sampling(true);
        }
        set(body, "n", answers, config::answers);
    }

    private static String[] texts(JsonFields body, String name) {
        List<String> texts = body.strings(name);
        if (texts.size() > MOST_STOPS) {
            throw body.invalid(name, "must have at most " + MOST_STOPS + " strings");
        }
        return texts.toArray(String[]::new);
    }

    private static Map<Integer, Double> biases(JsonFields body) {
        Map<Integer, Double> biases = new HashMap<>();
        for (Map.Entry<String, JsonElement> entry : body.entries("logit_bias").entrySet()) {
            boolean number = entry.getValue() instanceof JsonPrimitive value && value.isNumber();
            if (!entry.getKey().matches("\\d{1,9}") || !number) {
                throw body.invalid("logit_bias", "must map token ids to numbers");
            }
            double bias = entry.getValue().getAsDouble();
            if (!(Math.abs(bias) <= 100)) {
                throw body.invalid("logit_bias", "must map token ids to numbers from -100 to 100");
            }
            biases.put(Integer.valueOf(entry.getKey()), bias);
        }
        return biases;
    }

    /** Reads a chat's request for log probabilities. */
    static void chatLogprobs(JsonFields body, GenerationConfig.Builder config) {
        Integer best = body.integer("top_logprobs");
        if (best != null && (best < 0 || best > MOST_LOGPROBS)) {
            throw body.invalid("top_logprobs", "must be 0.." + MOST_LOGPROBS);
        }
        if (best != null && best > 0 && !body.isTrue("logprobs")) {
            throw body.invalid("top_logprobs", "requires logprobs to be true");
        }
        if (body.isTrue("logprobs")) {
            config.logprobs(best == null ? 0 : best);
        }
    }

    /** Sets a field if it is present; a value out of range is reported under the field's name. */
    private static <T> void set(JsonFields body, String name, @Nullable T value, Consumer<T> setter) {
        try {
            if (value != null) {
                setter.accept(value);
            }
        } catch (InvalidRequestException e) {
            throw body.invalid(name, "is out of range: " + e.getMessage());
        }
    }
}
