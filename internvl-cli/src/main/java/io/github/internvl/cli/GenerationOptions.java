package io.github.internvl.cli;

import io.github.internvl.GenerationConfig;
import io.github.internvl.OutputFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The generation options. Decoding is greedy unless a sampling option is given. */
final class GenerationOptions {
    @Option(
            names = {"-n", "--max-new-tokens"},
            paramLabel = "N",
            defaultValue = "1024",
            description = "Maximum number of tokens in an answer. Default: ${DEFAULT-VALUE}.")
    private int maxNewTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description =
                    "Sample with this temperature. 0 selects the best token each time, as do no sampling options at "
                            + "all.")
    private @Nullable Double temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Sample from the K most likely tokens; 0 for all.")
    private @Nullable Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Sample from the most likely tokens whose probabilities add up to P.")
    private @Nullable Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Sample from tokens with at least this share of the most likely token's probability.")
    private @Nullable Double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "F",
            description = "Divide the logits of earlier tokens by this; above 1 discourages repetition.")
    private @Nullable Double repetitionPenalty;

    @Option(
            names = "--presence-penalty",
            paramLabel = "X",
            description = "Subtract this from the logits of all tokens in the answer so far.")
    private @Nullable Double presencePenalty;

    @Option(
            names = "--frequency-penalty",
            paramLabel = "X",
            description = "Subtract this from a token's logit for each of its occurrences in the answer.")
    private @Nullable Double frequencyPenalty;

    @Option(
            names = "--no-repeat-ngram",
            paramLabel = "N",
            description = "Prevent any sequence of N tokens from occurring twice in an answer.")
    private @Nullable Integer noRepeatNgram;

    @Option(
            names = "--prompt-lookup",
            paramLabel = "N",
            description =
                    "Draft up to N tokens from earlier text and verify them together; faster for answers that quote.")
    private @Nullable Integer promptLookup;

    @Option(names = "--min-new-tokens", paramLabel = "N", description = "Minimum number of tokens in an answer.")
    private @Nullable Integer minNewTokens;

    @Option(names = "--bad-word", paramLabel = "TEXT", description = "Prevent this text in answers. Repeatable.")
    private final List<String> badWords = new ArrayList<>();

    @Option(names = "--seed", paramLabel = "S", description = "Seed for reproducible sampling.")
    private @Nullable Long seed;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End the answer before this text. Repeatable.")
    private final List<String> stop = new ArrayList<>();

    @ArgGroup(exclusive = true)
    private @Nullable FormatOption format;

    /** The format of the answer; at most one of these options is set. */
    static final class FormatOption {
        @Option(names = "--json", description = "Answer with a JSON object.")
        private boolean json;

        @Option(
                names = "--json-schema",
                paramLabel = "FILE",
                description = "Answer with JSON that is valid under the schema in this file.")
        private @Nullable Path schema;

        @Option(
                names = "--regex",
                paramLabel = "REGEX",
                description = "Answer with text that matches this regular expression as a whole.")
        private @Nullable String expression;

        @Option(
                names = "--choice",
                paramLabel = "TEXT",
                split = ",",
                description = "Answer with one of these texts, separated by commas or given one by one.")
        private List<String> choices = new ArrayList<>();

        OutputFormat format() {
            if (schema != null) {
                return OutputFormat.jsonSchema(read(schema));
            }
            if (expression != null) {
                return OutputFormat.regex(expression);
            }
            return json ? OutputFormat.json() : OutputFormat.choice(choices.toArray(String[]::new));
        }

        private static String read(Path file) {
            try {
                return Files.readString(file);
            } catch (IOException e) {
                throw new IllegalArgumentException(
                        "--json-schema: cannot read " + file + "; give a file with a JSON schema", e);
            }
        }
    }

    /** The settings; throws {@link io.github.internvl.InvalidRequestException} for a value out of range. */
    GenerationConfig config() {
        GenerationConfig.Builder config = GenerationConfig.builder().maxNewTokens(maxNewTokens);
        config.stop(stop.toArray(String[]::new));
        config.badWords(badWords.toArray(String[]::new));
        set(topK, config::topK);
        set(topP, config::topP);
        set(minP, config::minP);
        set(repetitionPenalty, config::repetitionPenalty);
        set(presencePenalty, config::presencePenalty);
        set(frequencyPenalty, config::frequencyPenalty);
        set(noRepeatNgram, config::noRepeatNgram);
        set(promptLookup, config::promptLookup);
        set(minNewTokens, config::minNewTokens);
        set(seed, config::seed);
        if (temperature != null && temperature == 0) {
            config.sampling(false);
        } else if (temperature != null) {
            config.temperature(temperature);
        }
        if (format != null) {
            config.format(format.format());
        }
        return config.build();
    }

    private static <T> void set(@Nullable T value, Consumer<T> setter) {
        if (value != null) {
            setter.accept(value);
        }
    }
}
