package io.github.internvl.server;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InvalidRequestException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The fields that say how an answer is drawn, of OpenAI's chat and completions and of LMDeploy. Greedy unless one of those of
 * sampling is there, or more than one answer is asked for.
 */
final class SamplingFields {
    private static final int MOST_ANSWERS = 128;
    private static final int MOST_STOPS = 32;
    private static final int MOST_LOGPROBS = 20;

    /** The fields that this reads, of chats and of completions. */
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

    /** The settings of a request, all but its log probabilities, which chat and completions ask for in ways of their own. */
    static GenerationConfig.Builder read(Fields body) {
        GenerationConfig.Builder config = GenerationConfig.builder();
        set(body, "top_p", body.number("top_p"), config::topP);
        set(body, "min_p", body.number("min_p"), config::minP);
        set(body, "typical_p", body.number("typical_p"), config::typicalP);
        set(body, "top_k", body.integer("top_k"), topK -> config.topK(Math.max(topK, 0))); // vLLM says -1 for all
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
        draw(body, config);
        return config;
    }

    private static void draw(Fields body, GenerationConfig.Builder config) {
        Integer answers = body.integer("n");
        if (answers != null && (answers < 1 || answers > MOST_ANSWERS)) {
            throw body.wrong("n", "must be 1.." + MOST_ANSWERS);
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

    private static String[] texts(Fields body, String name) {
        List<String> texts = body.strings(name);
        if (texts.size() > MOST_STOPS) {
            throw body.wrong(name, "must hold at most " + MOST_STOPS + " texts");
        }
        return texts.toArray(String[]::new);
    }

    private static Map<Integer, Double> biases(Fields body) {
        Map<Integer, Double> biases = new HashMap<>();
        for (Map.Entry<String, JsonElement> entry : body.entries("logit_bias").entrySet()) {
            boolean number = entry.getValue() instanceof JsonPrimitive value && value.isNumber();
            if (!entry.getKey().matches("\\d{1,9}") || !number) {
                throw body.wrong("logit_bias", "must map token ids to numbers");
            }
            double bias = entry.getValue().getAsDouble();
            if (!(Math.abs(bias) <= 100)) {
                throw body.wrong("logit_bias", "must map token ids to numbers of -100..100");
            }
            biases.put(Integer.valueOf(entry.getKey()), bias);
        }
        return biases;
    }

    /** Asks for the log probabilities of a chat's answer. */
    static void chatLogprobs(Fields body, GenerationConfig.Builder config) {
        Integer best = body.integer("top_logprobs");
        if (best != null && (best < 0 || best > MOST_LOGPROBS)) {
            throw body.wrong("top_logprobs", "must be 0.." + MOST_LOGPROBS);
        }
        if (best != null && best > 0 && !body.isTrue("logprobs")) {
            throw body.wrong("top_logprobs", "needs logprobs to be true");
        }
        if (body.isTrue("logprobs")) {
            config.logprobs(best == null ? 0 : best);
        }
    }

    /** Sets what is there; the field is named where its value is out of range. */
    private static <T> void set(Fields body, String name, @Nullable T value, Consumer<T> setter) {
        try {
            if (value != null) {
                setter.accept(value);
            }
        } catch (InvalidRequestException e) {
            throw body.wrong(name, "is out of range: " + e.getMessage());
        }
    }
}
