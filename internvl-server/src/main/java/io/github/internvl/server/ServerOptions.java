package io.github.internvl.server;

import io.github.internvl.vision.ImageOptions;
import io.github.internvl.vision.VideoOptions;
import io.github.internvl.web.RemoteMedia;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How a server is reached, and how much it takes on. Immutable; build one with {@link #builder()}. */
public final class ServerOptions {
    private static final ServerOptions DEFAULTS = builder().build();

    private final Values set;

    /** The files of a certificate. */
    record Certificate(Path chain, Path key) {}

    /** The values that a builder collects; not changed any more once options have them. */
    private static final class Values implements Cloneable {
        private String host = "127.0.0.1";
        private int port = 23333;
        private @Nullable String modelName;
        private List<String> apiKeys = List.of();
        private List<String> allowedOrigins = List.of();
        private @Nullable Certificate certificate;
        private long maxBodyBytes = 32L << 20;
        private long maxMediaBytes = Runtime.getRuntime().maxMemory() / 2;
        private int maxRequests = 256;
        private int requestsPerMinute;
        private Duration timeout = Duration.ofMinutes(10);
        private boolean chatPage = true;
        private ImageOptions images = ImageOptions.defaults().withMaxPixels(50_000_000);
        private VideoOptions videos = VideoOptions.defaults()
                .withMaxFramePixels(4096 * 2304)
                .withMaxPixels(100_000_000)
                .withTimeout(Duration.ofMinutes(1));
        private @Nullable RemoteMedia remoteMedia;
        private @Nullable Supplier<String> metrics;

        private Values copy() {
            try {
                return (Values) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private ServerOptions(Values set) {
        this.set = set;
    }

    /** This machine alone, port 23333, without keys. */
    public static ServerOptions defaults() {
        return DEFAULTS;
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder(new Values());
    }

    String host() {
        return set.host;
    }

    int port() {
        return set.port;
    }

    Optional<String> modelName() {
        return Optional.ofNullable(set.modelName);
    }

    List<String> apiKeys() {
        return set.apiKeys;
    }

    List<String> allowedOrigins() {
        return set.allowedOrigins;
    }

    Optional<Certificate> certificate() {
        return Optional.ofNullable(set.certificate);
    }

    long maxBodyBytes() {
        return set.maxBodyBytes;
    }

    long maxMediaBytes() {
        return set.maxMediaBytes;
    }

    int maxRequests() {
        return set.maxRequests;
    }

    int requestsPerMinute() {
        return set.requestsPerMinute;
    }

    Duration timeout() {
        return set.timeout;
    }

    boolean chatPage() {
        return set.chatPage;
    }

    ImageOptions images() {
        return set.images;
    }

    VideoOptions videos() {
        return set.videos;
    }

    Optional<RemoteMedia> remoteMedia() {
        return Optional.ofNullable(set.remoteMedia);
    }

    Optional<Supplier<String>> metrics() {
        return Optional.ofNullable(set.metrics);
    }

    /** Collects options; each method checks its value. Not thread-safe. */
    public static final class Builder {
        private final Values set;

        private Builder(Values set) {
            this.set = set;
        }

        /** Sets the address to listen on, {@code 0.0.0.0} for all; without it 127.0.0.1, which other machines do not reach. */
        public Builder host(String address) {
            set.host = address;
            return this;
        }

        /** Sets the port, 0 for any that is free; without it 23333. */
        public Builder port(int number) {
            check(number >= 0 && number <= 65535, "port must be 0..65535", number);
            set.port = number;
            return this;
        }

        /** Sets the name that clients call the model by; without it {@link io.github.internvl.ModelInfo#name}. */
        public Builder modelName(String name) {
            check(!name.isBlank(), "modelName must not be blank", name);
            set.modelName = name;
            return this;
        }

        /**
         * Sets the keys of which each request must bring one, {@code Authorization: Bearer KEY}, in place of any before;
         * without any, everybody may ask. The chat page itself, {@code /health} and {@code /ready} need none.
         */
        public Builder apiKeys(Collection<String> keys) {
            keys.forEach(key -> check(
                    !key.isBlank() && key.chars().allMatch(c -> c > ' ' && c < 127),
                    "apiKeys must be of visible ASCII characters; the length of the one that is not",
                    key.length()));
            set.apiKeys = List.copyOf(keys);
            return this;
        }

        /** Sets the origins whose pages may ask from a browser (CORS), such as {@code https://example.com}; none without it. */
        public Builder allowedOrigins(Collection<String> origins) {
            set.allowedOrigins = List.copyOf(origins);
            return this;
        }

        /** Switches TLS on: a chain of certificates and its unencrypted PKCS#8 key, as PEM files, read at the start. */
        public Builder tls(Path certificates, Path privateKey) {
            set.certificate = new Certificate(certificates, privateKey);
            return this;
        }

        /** Sets the most bytes of a request, pictures included; without it 32 MiB. */
        public Builder maxBodyBytes(long bytes) {
            check(bytes >= 1 && bytes <= 1 << 30, "maxBodyBytes must be 1 to 2^30", bytes);
            set.maxBodyBytes = bytes;
            return this;
        }

        /**
         * Sets the most bytes that requests and their pictures may take on the Java heap, all together: reserved before a
         * picture is decoded, eight bytes a pixel while that lasts and three afterwards. A request that does not fit beside the other
         * requests is refused with status 429, what would not fit alone with 413. Without it, half of the heap.
         */
        public Builder maxMediaBytes(long bytes) {
            check(bytes >= 1, "maxMediaBytes must be at least 1", bytes);
            set.maxMediaBytes = bytes;
            return this;
        }

        /** Sets how many requests are inside at once, waiting ones included; more are refused with status 429. Without it 256. */
        public Builder maxRequests(int requests) {
            check(requests >= 1 && requests <= 10_000, "maxRequests must be 1..10000", requests);
            set.maxRequests = requests;
            return this;
        }

        /** Sets how many requests a key may send in a minute, or without keys an address; 0, as without it, for any number. */
        public Builder requestsPerMinute(int requests) {
            check(requests >= 0, "requestsPerMinute must be 0 (any number) or more", requests);
            set.requestsPerMinute = requests;
            return this;
        }

        /** Sets the longest time of a request, waiting included, after which its answer ends as it is; without it ten minutes. */
        public Builder timeout(Duration most) {
            check(!most.isNegative() && !most.isZero(), "timeout must be longer than nothing", most);
            set.timeout = most;
            return this;
        }

        /** Sets whether there is a chat page at {@code /}; without it there is. */
        public Builder chatPage(boolean shown) {
            set.chatPage = shown;
            return this;
        }

        /** Sets how pictures are decoded; without it as by default, up to 50 million pixels. */
        public Builder images(ImageOptions options) {
            set.images = options;
            return this;
        }

        /** Sets how much a video may cost; without it frames of 4K, 100 million pixels of all frames, a minute. */
        public Builder videos(VideoOptions options) {
            set.videos = options;
            return this;
        }

        /**
         * Lets requests name pictures and videos by http and https addresses, which the server then fetches under these
         * rules. Without it they are refused, and only {@code data:} URLs are taken.
         */
        public Builder remoteMedia(RemoteMedia rules) {
            set.remoteMedia = rules;
            return this;
        }

        /**
         * Sets who tells the metrics in Prometheus's text format, such as the {@code scrape} of a
         * {@code PrometheusMeterRegistry} that {@code MicrometerMetrics} fills; {@code /metrics} shows them. Without it, that
         * has the server's own counts alone.
         */
        public Builder metrics(Supplier<String> scrape) {
            set.metrics = scrape;
            return this;
        }

        /** Makes the options. */
        public ServerOptions build() {
            return new ServerOptions(set.copy());
        }

        private static void check(boolean holds, String rule, Object found) {
            if (!holds) {
                throw new IllegalArgumentException(rule + ": " + found);
            }
        }
    }
}
