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

/** The options on how to answer; greedy unless one of the sampling options is given. */
final class GenerationOptions {
    @Option(
            names = {"-n", "--max-new-tokens"},
            paramLabel = "N",
            defaultValue = "1024",
            description = "Most tokens of an answer; without it ${DEFAULT-VALUE}.")
    private int maxNewTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "Sample, with this temperature. 0 takes the best token each time, as does giving none of the "
                    + "sampling options.")
    private @Nullable Double temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Sample from the K best tokens; 0 for all.")
    private @Nullable Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Sample from the best tokens that together have the probability P.")
    private @Nullable Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Sample from the tokens that have at least this share of the best one's probability.")
    private @Nullable Double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "F",
            description = "Divide the logits of tokens that came before by this: more than 1 against repeating.")
    private @Nullable Double repetitionPenalty;

    @Option(
            names = "--presence-penalty",
            paramLabel = "X",
            description = "Take this from the logits of all tokens of the answer so far.")
    private @Nullable Double presencePenalty;

    @Option(
            names = "--frequency-penalty",
            paramLabel = "X",
            description = "Take this from the logit of a token each time that it came in the answer.")
    private @Nullable Double frequencyPenalty;

    @Option(
            names = "--no-repeat-ngram",
            paramLabel = "N",
            description = "Let no run of N tokens come twice in an answer.")
    private @Nullable Integer noRepeatNgram;

    @Option(
            names = "--prompt-lookup",
            paramLabel = "N",
            description =
                    "Draft up to N tokens from what came before and verify them together: faster where answers quote.")
    private @Nullable Integer promptLookup;

    @Option(names = "--min-new-tokens", paramLabel = "N", description = "Fewest tokens of an answer.")
    private @Nullable Integer minNewTokens;

    @Option(
            names = "--bad-word",
            paramLabel = "TEXT",
            description = "Keep this text out of answers. May be given several times.")
    private final List<String> badWords = new ArrayList<>();

    @Option(names = "--seed", paramLabel = "S", description = "Make a sampled answer repeatable.")
    private @Nullable Long seed;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "End an answer before this text. May be given several times.")
    private final List<String> stop = new ArrayList<>();

    @ArgGroup(exclusive = true)
    private @Nullable FormatOption format;

    /** The format of answers; at most one of these options is set. */
    static final class FormatOption {
        @Option(names = "--json", description = "Answer with a JSON object.")
        private boolean json;

        @Option(
                names = "--json-schema",
                paramLabel = "FILE",
                description = "Answer with JSON that the schema in this file allows.")
        private @Nullable Path schema;

        @Option(
                names = "--regex",
                paramLabel = "REGEX",
                description = "Answer with a text that this regular expression matches as a whole.")
        private @Nullable String expression;

        @Option(
                names = "--choice",
                paramLabel = "TEXT",
                split = ",",
                description = "Answer with one of some texts, with commas between them or given one by one.")
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
                        "--json-schema: cannot read " + file + "; name a file with a JSON schema", e);
            }
        }
    }

    /** The settings; throws {@link io.github.internvl.InvalidRequestException} for a value out of its range. */
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
