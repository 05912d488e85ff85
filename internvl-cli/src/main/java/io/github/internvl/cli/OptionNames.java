package io.github.internvl.cli;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The names that a message of the libraries has for settings, translated to the options of a command. The libraries name the
 * methods of their builders, {@code maxTiles}; a user of the command knows {@code --max-tiles}. A method without an option of the
 * command becomes words.
 */
final class OptionNames {
    /** Remedies that are written for programs, in the words of the command. */
    private static final Map<String, String> PHRASES = phrases(
            " (for the best token each time: sampling(false))", " (0 selects the best token each time)",
            "a format, or a tool call that is required, and stop texts or stopIds",
                    "a format (--json, --json-schema, --regex, --choice) and --stop",
            "a format, or a tool call that is required, and", "a format (--json, --json-schema, --regex, --choice) and",
            "give the PEM files of the certificate", "give the PEM files of the certificate, --tls-cert and --tls-key",
            "; call allowHost or allowAnyHost", "; name one with --allow-host",
            "go on without it: model.conversation(editedHistory)", "start a new conversation with /new",
            "lower the one or raise the other", "change one of them",
            "try again or raise RemoteMedia.Builder.timeout", "try again, or save the file and name it instead",
            "choose a free port and an address of this machine",
                    "choose a free --port, and an address of this machine for --host",
            "load the model with a larger kvCacheTokens", "start with a larger kvCacheTokens",
            "load the model with a longer contextLength", "start with a longer contextLength",
            "load the model with maxConcurrent(", "start with maxConcurrent(",
            "load it with Precision.BFLOAT16 or FLOAT32", "load it with --precision bfloat16 or float32",
            "; Image.ofDataUrl decodes data: URLs", "",
            "; Video.open opens those", "; --video opens those",
            "RemoteMedia.Builder.allowPrivateHost allows it", "--allow-private-host allows it",
            "RemoteMedia.Builder.allowHost does", "--allow-host allows it");

    /** Limits that no option of the command changes. */
    private static final Pattern FIXED =
            Pattern.compile("(?:;| or) raise (?:Video\\.Options|Image\\.Options|RemoteMedia\\.Builder)\\.\\w+");

    /** Settings whose option has another name. */
    private static final Map<String, String> OTHERS = Map.ofEntries(
            Map.entry("startSeconds", "--from"),
            Map.entry("endSeconds", "--to"),
            Map.entry("modelName", "--name"),
            Map.entry("apiKeys", "--api-key-file"),
            Map.entry("maxBodyBytes", "--max-body"),
            Map.entry("remoteMedia", "--allow-host"),
            Map.entry("allowPrivateHost", "--allow-private-host"),
            Map.entry("allowedOrigins", "--allow-origin"),
            Map.entry("count", "--frames"));

    /** Settings that a command may lack, in words. */
    private static final Map<String, String> WORDS = Map.of(
            "maxConcurrent", "number of requests computed together",
            "kvCacheTokens", "KV cache",
            "staticSlots", "static slots",
            "contextLength", "context",
            "promptLookup", "prompt lookup",
            "noRepeatNgram", "ban of repeated n-grams",
            "minNewTokens", "least number of tokens",
            "maxNewTokens", "greatest number of tokens",
            "visionPrecision", "precision of the ViT",
            "maxTiles", "greatest number of tiles");

    private static final Pattern SETTING =
            Pattern.compile("(?<![\\w./\\\\\"'-])([a-z]+[A-Z]\\w*)(?:\\((\\d*)\\))?(?!\\.?[\\w/\\\\\"'])");
    private static final Pattern FIRST = Pattern.compile("^([a-z]+)(?= (?:must|needs|and) )");

    private final Map<String, String> options = new LinkedHashMap<>();

    private OptionNames(CommandSpec spec) {
        for (OptionSpec option : spec.options()) {
            String first = Stream.of(option.names())
                    .filter(name -> name.startsWith("--"))
                    .findFirst()
                    .orElse(option.longestName());
            for (String name : option.names()) {
                options.put(setting(name), first);
            }
        }
        OTHERS.forEach((setting, option) -> {
            if (spec.findOption(option) != null) {
                options.put(setting, option);
            }
        });
    }

    /** The names of a command. */
    static OptionNames of(CommandSpec spec) {
        return new OptionNames(spec);
    }

    /** A message with the command's own names. */
    String translate(String message) {
        String whole = message.replace(
                        "DeviceMap.auto().offloadToCpu(), ", options.containsKey("offload") ? "--offload, " : "")
                .replace(
                        "a smaller model, or device cpu",
                        options.containsKey("device")
                                ? "a smaller model, or --device cpu"
                                : "a smaller model, or the CPU");
        String rows = options.containsKey("staticSlots") ? "--no-static-slots" : "no static slots";
        whole = whole.replace("staticSlots(false)", rows).replace("no staticSlots", rows);
        for (Map.Entry<String, String> phrase : PHRASES.entrySet()) {
            whole = whole.replace(phrase.getKey(), phrase.getValue());
        }
        whole = FIRST.matcher(whole)
                .replaceFirst(found -> Matcher.quoteReplacement(options.getOrDefault(found.group(1), found.group(1))));
        whole = FIXED.matcher(whole).replaceAll("");
        return SETTING.matcher(whole)
                .replaceAll(found -> Matcher.quoteReplacement(named(found.group(1), found.group(2))));
    }

    private String named(String setting, @Nullable String value) {
        String option = options.get(setting);
        if (option != null) {
            return value == null || value.isEmpty() ? option : option + " " + value;
        }
        return WORDS.getOrDefault(setting, setting);
    }

    /** {@code maxTiles} for {@code --max-tiles}. */
    private static String setting(String option) {
        String name = option.replaceFirst("^-+", "");
        return Pattern.compile("-(.)")
                .matcher(name)
                .replaceAll(letter -> letter.group(1).toUpperCase(Locale.ROOT));
    }

    private static Map<String, String> phrases(String... pairs) {
        Map<String, String> made = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            made.put(pairs[i], pairs[i + 1]);
        }
        return made;
    }
}
