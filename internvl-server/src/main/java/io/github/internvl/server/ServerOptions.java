package io.github.internvl.server;

import io.github.internvl.server.http.Endpoint;
import io.github.internvl.server.http.Limits;
import io.github.internvl.server.openai.MediaOptions;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import io.github.internvl.web.RemoteMedia;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The address, the access rules and the limits of a server. Immutable; build one with {@link #builder()}. */
public final class ServerOptions {
    private static final ServerOptions DEFAULTS = builder().build();

    private final Endpoint endpoint;
    private final Limits limits;
    private final MediaOptions media;
    private final Optional<String> modelName;
    private final List<String> apiKeys;
    private final List<String> allowedOrigins;
    private final boolean chatPage;
    private final Optional<Supplier<String>> metrics;

    private ServerOptions(Builder set) {
        endpoint = new Endpoint(set.host, set.port, Optional.ofNullable(set.certificate));
        limits = new Limits(set.maxBodyBytes, set.maxMediaBytes, set.maxRequests, set.requestsPerMinute, set.timeout);
        media = new MediaOptions(set.images, set.videos, Optional.ofNullable(set.remoteMedia));
        modelName = Optional.ofNullable(set.modelName);
        apiKeys = set.apiKeys;
        allowedOrigins = set.allowedOrigins;
        chatPage = set.chatPage;
        metrics = Optional.ofNullable(set.metrics);
    }

    /** Options for this machine only: port 23333 of 127.0.0.1, without keys. */
    public static ServerOptions defaults() {
        return DEFAULTS;
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    Endpoint endpoint() {
        return endpoint;
    }

    Limits limits() {
        return limits;
    }

    MediaOptions media() {
        return media;
    }

    Optional<String> modelName() {
        return modelName;
    }

    List<String> apiKeys() {
        return apiKeys;
    }

    List<String> allowedOrigins() {
        return allowedOrigins;
    }

    boolean chatPage() {
        return chatPage;
    }

    Optional<Supplier<String>> metrics() {
        return metrics;
    }

    /** A builder of options; each method checks its value. Not thread-safe. */
    public static final class Builder {
        private String host = "127.0.0.1";
        private int port = 23333;
        private @Nullable String modelName;
        private List<String> apiKeys = List.of();
        private List<String> allowedOrigins = List.of();
        private Endpoint.@Nullable Certificate certificate;
        private long maxBodyBytes = 32L << 20;
        private long maxMediaBytes = Runtime.getRuntime().maxMemory() / 2;
        private int maxRequests = 256;
        private int requestsPerMinute;
        private Duration timeout = Duration.ofMinutes(10);
        private boolean chatPage = true;
        private Image.Options images = Image.Options.defaults().withMaxPixels(50_000_000);
        private Video.Options videos = Video.Options.defaults()
                .withMaxFramePixels(4096 * 2304)
                .withMaxPixels(100_000_000)
                .withTimeout(Duration.ofMinutes(1));
        private @Nullable RemoteMedia remoteMedia;
        private @Nullable Supplier<String> metrics;

        private Builder() {}

        /** Sets the address to listen on, {@code 0.0.0.0} for all. Default: 127.0.0.1, which other machines cannot reach. */
        public Builder host(String address) {
            this.host = address;
            return this;
        }

        /** Sets the port, 0 for any free one. Default: 23333. */
        public Builder port(int number) {
            check(number >= 0 && number <= 65535, "port must be 0..65535", number);
            this.port = number;
            return this;
        }

        /** Sets the model name that clients use. Default: {@link io.github.internvl.ModelInfo#name}. */
        public Builder modelName(String name) {
            check(!name.isBlank(), "modelName must not be blank", name);
            this.modelName = name;
            return this;
        }

        /**
         * Sets the API keys, replacing earlier ones; each request must send one of them as {@code Authorization: Bearer KEY}.
         * Default: none, and every client is accepted. The chat page itself, {@code /health} and {@code /ready} need no key.
         */
        public Builder apiKeys(Collection<String> keys) {
            keys.forEach(key -> check(
                    !key.isBlank() && key.chars().allMatch(c -> c > ' ' && c < 127),
                    "apiKeys must consist of visible ASCII characters; length of the invalid key",
                    key.length()));
            this.apiKeys = List.copyOf(keys);
            return this;
        }

        /** Sets the origins of web pages that may call the server (CORS), such as {@code https://example.com}. Default: none. */
        public Builder allowedOrigins(Collection<String> origins) {
            this.allowedOrigins = List.copyOf(origins);
            return this;
        }

        /** Switches TLS on, with the PEM files of a certificate chain and its unencrypted PKCS#8 key, read at start-up. */
        public Builder tls(Path certificates, Path privateKey) {
            this.certificate = new Endpoint.Certificate(certificates, privateKey);
            return this;
        }

        /** Sets the maximum size of a request body, pictures included. Default: 32 MiB. */
        public Builder maxBodyBytes(long bytes) {
            check(bytes >= 1 && bytes <= 1 << 30, "maxBodyBytes must be 1 to 2^30", bytes);
            this.maxBodyBytes = bytes;
            return this;
        }

        /**
         * Sets the Java heap that request bodies and pictures may take, all requests together. It is reserved before a picture
         * is decoded: eight bytes a pixel during decoding, and three afterwards. A request that does not fit beside the others is
         * rejected with status 429, one that would not fit alone with 413. Default: half of the heap.
         */
        public Builder maxMediaBytes(long bytes) {
            check(bytes >= 1, "maxMediaBytes must be at least 1", bytes);
            this.maxMediaBytes = bytes;
            return this;
        }

        /** Sets the number of requests admitted at once, queued ones included; more are rejected with status 429. Default: 256. */
        public Builder maxRequests(int requests) {
            check(requests >= 1 && requests <= 10_000, "maxRequests must be 1..10000", requests);
            this.maxRequests = requests;
            return this;
        }

        /** Sets the limit of requests per minute for each key, or without keys for each address; 0, the default, for no limit. */
        public Builder requestsPerMinute(int requests) {
            check(requests >= 0, "requestsPerMinute must be 0 (no limit) or more", requests);
            this.requestsPerMinute = requests;
            return this;
        }

        /** Sets the timeout of a request, queueing included, at which its answer ends as it is. Default: ten minutes. */
        public Builder timeout(Duration limit) {
            check(!limit.isNegative() && !limit.isZero(), "timeout must be positive", limit);
            this.timeout = limit;
            return this;
        }

        /** Sets whether {@code /} has a chat page. Default: true. */
        public Builder chatPage(boolean shown) {
            this.chatPage = shown;
            return this;
        }

        /** Sets how pictures are decoded. Default: {@link Image.Options#defaults}, with at most 50 million pixels. */
        public Builder images(Image.Options options) {
            this.images = options;
            return this;
        }

        /** Sets the limits of a video. Default: 4K frames, 100 million pixels in all frames together, one minute of decoding. */
        public Builder videos(Video.Options options) {
            this.videos = options;
            return this;
        }

        /**
         * Lets requests give pictures and videos as http and https URLs, which the server then fetches under these rules.
         * Default: such URLs are rejected, and only {@code data:} URLs are accepted.
         */
        public Builder remoteMedia(RemoteMedia rules) {
            this.remoteMedia = rules;
            return this;
        }

        /**
         * Sets a source of metrics in Prometheus's text format for {@code /metrics}, such as the {@code scrape} of a
         * {@code PrometheusMeterRegistry} that {@code MicrometerMetrics} feeds. Default: {@code /metrics} has only the server's own
         * counters.
         */
        public Builder metrics(Supplier<String> scrape) {
            this.metrics = scrape;
            return this;
        }

        /** Builds the options. */
        public ServerOptions build() {
            return new ServerOptions(this);
        }

        private static void check(boolean holds, String rule, Object found) {
            if (!holds) {
                throw new IllegalArgumentException(rule + ": " + found);
            }
        }
    }
}
