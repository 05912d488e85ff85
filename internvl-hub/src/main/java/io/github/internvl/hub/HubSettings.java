package io.github.internvl.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The hub's address, the cache's folder, and the access token.
 *
 * @param endpoint address of the hub, without a slash at its end
 * @param cache folder with one folder per repository
 * @param token the access token; null for anonymous access
 * @param offline whether only the cache may be used
 * @param symlinks whether snapshots may be links to blobs
 */
record HubSettings(URI endpoint, Path cache, @Nullable String token, boolean offline, boolean symlinks) {
    private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
    private static final Pattern VARIABLE = Pattern.compile("\\$(?:\\{([^}]+)}|(\\w+))");
    private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]+");

    /** Checks the values that would otherwise fail in the middle of a download. */
    HubSettings {
        if (endpoint.getHost() == null || !Set.of("http", "https").contains(endpoint.getScheme())) {
            throw new IllegalArgumentException(
                    "endpoint must be an http or https address, such as https://huggingface.co: " + endpoint);
        }
        endpoint = URI.create(endpoint.toString().replaceFirst("/+$", ""));
        if (token != null && !TOKEN.matcher(token).matches()) { // not shown: it may be one with a slip in it
            throw new IllegalArgumentException(
                    "the hub's token must be printable ASCII without spaces; look at HF_TOKEN, or the file it comes from");
        }
        cache = cache.toAbsolutePath().normalize();
    }

    /** Reads the variables that huggingface_hub reads, with its defaults. */
    static HubSettings of(Map<String, String> environment, Path home) {
        Environment variables = new Environment(environment, home);
        Path base = variables
                .path("HF_HOME")
                .or(() -> variables.path("XDG_CACHE_HOME").map(folder -> folder.resolve("huggingface")))
                .orElse(home.resolve(".cache").resolve("huggingface"));
        Path cache = variables
                .path("HF_HUB_CACHE")
                .or(() -> variables.path("HUGGINGFACE_HUB_CACHE"))
                .orElse(base.resolve("hub"));
        return new HubSettings(
                endpoint(variables.text("HF_ENDPOINT").orElse("https://huggingface.co")),
                cache,
                variables.token(base),
                variables.isTrue("HF_HUB_OFFLINE") || variables.isTrue("TRANSFORMERS_OFFLINE"),
                !variables.isTrue("HF_HUB_DISABLE_SYMLINKS"));
    }

    private static URI endpoint(String text) {
        try {
            return URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("HF_ENDPOINT must be an http or https address: " + text, e);
        }
    }

    /** Without the token, which has no place in a log. */
    @Override
    public String toString() {
        return "HubSettings[endpoint=" + endpoint + ", cache=" + cache + ", token=" + (token == null ? "none" : "set")
                + ", offline=" + offline + ", symlinks=" + symlinks + "]";
    }

    private record Environment(Map<String, String> values, Path home) {
        Optional<String> text(String name) {
            return Optional.ofNullable(values.get(name)).map(String::strip).filter(value -> !value.isEmpty());
        }

        boolean isTrue(String name) {
            return TRUE.contains(text(name).orElse("").toUpperCase(Locale.ROOT));
        }

        /** A path with ~ and $NAME resolved, which a container's settings may hold. */
        Optional<Path> path(String name) {
            return text(name).map(value -> {
                String whole = VARIABLE.matcher(value).replaceAll(found -> Matcher.quoteReplacement(variable(found)));
                return whole.equals("~") || whole.startsWith("~/")
                        ? Path.of(home + whole.substring(1))
                        : Path.of(whole);
            });
        }

        private String variable(MatchResult found) {
            String name = found.group(1) == null ? found.group(2) : found.group(1);
            return values.getOrDefault(name, found.group());
        }

        @Nullable
        String token(Path base) {
            if (isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
                return null;
            }
            return text("HF_TOKEN")
                    .or(() -> text("HUGGING_FACE_HUB_TOKEN"))
                    .or(() -> stored(path("HF_TOKEN_PATH").orElse(base.resolve("token"))))
                    .orElse(null);
        }

        private static Optional<String> stored(Path file) {
            try {
                return Files.exists(file)
                        ? Optional.of(Files.readString(file).strip()).filter(token -> !token.isEmpty())
                        : Optional.empty();
            } catch (IOException e) {
                throw new DownloadException(file + ": the hub's token cannot be read from it: " + e, e);
            }
        }
    }
}
