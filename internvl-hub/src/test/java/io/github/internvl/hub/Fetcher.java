package io.github.internvl.hub;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Fetches the repository of a test's hub, and writes down how long it would have waited between attempts. */
final class Fetcher {
    /** A small checkpoint in two shards. */
    static final Path MODEL = Path.of("..", "src", "test", "resources", "goldens", "conformance", "tiny-qwen", "model");

    final List<Duration> pauses = new CopyOnWriteArrayList<>();

    private final HubSettings settings;
    private final Duration silence;

    Fetcher(TestHub hub, Path cache) {
        this(new HubSettings(hub.endpoint(), cache, null, false, true), Duration.ofSeconds(20));
    }

    private Fetcher(HubSettings settings, Duration silence) {
        this.settings = settings;
        this.silence = silence;
    }

    Fetcher at(URI endpoint) {
        return new Fetcher(new HubSettings(endpoint, settings.cache(), null, false, true), silence);
    }

    Fetcher withToken(@Nullable String token) {
        return new Fetcher(new HubSettings(settings.endpoint(), settings.cache(), token, false, true), silence);
    }

    Fetcher offline() {
        return new Fetcher(new HubSettings(settings.endpoint(), settings.cache(), null, true, true), silence);
    }

    Fetcher withoutLinks() {
        return new Fetcher(new HubSettings(settings.endpoint(), settings.cache(), null, false, false), silence);
    }

    Fetcher withSilence(Duration time) {
        return new Fetcher(settings, time);
    }

    Repository repository() {
        return repository((bytes, total) -> {});
    }

    Repository repository(ProgressListener listener) {
        RepoId id = RepoId.parse(TestHub.ID).orElseThrow();
        return new Repository(settings, id, listener, new RetryPolicy(3, silence, pauses::add));
    }

    Path fetch() {
        return repository().fetch("main");
    }
}
