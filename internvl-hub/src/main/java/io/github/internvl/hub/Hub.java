package io.github.internvl.hub;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The Hugging Face hub, or a mirror with the same interface, behind a cache on disk that is shared with Python: files that
 * huggingface_hub or transformers downloaded are found here, and they find the files that are downloaded here.
 *
 * <p>Defaults come from the environment variables that Python reads: {@code HF_ENDPOINT}, {@code HF_HUB_CACHE} (or {@code
 * HF_HOME}, with the cache in {@code hub} below it; without both {@code ~/.cache/huggingface}), {@code HF_TOKEN} (or the file
 * {@code token} in {@code HF_HOME}), {@code HF_HUB_OFFLINE}.
 *
 * <p>Immutable and thread-safe; several processes may use one cache at the same time.
 */
public final class Hub {
    private static final String DEFAULT_REVISION = "main";

    private final HubSettings settings;
    private final ProgressListener progress;

    private Hub(HubSettings settings, ProgressListener progress) {
        this.settings = settings;
        this.progress = progress;
    }

    /** The hub and the cache that the environment names. */
    public static Hub fromEnvironment() {
        return builder().build();
    }

    /** Makes a builder with the environment's settings. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns the folder of a model by either kind of name: an existing directory is returned as it is, and any other text
     * is fetched as an id.
     *
     * @throws DownloadException if the text is neither a folder nor an id, or the files are neither in the cache nor available
     */
    public Path find(String idOrFolder) {
        Optional<Path> folder = folder(idOrFolder);
        if (folder.isPresent()) {
            return folder.get();
        }
        if (RepoId.parse(idOrFolder).isEmpty()) {
            throw new DownloadException(
                    idOrFolder + ": no such folder, and no hub id either, which is owner/name such as "
                            + "OpenGVLab/InternVL2_5-1B; give one of them");
        }
        return fetch(idOrFolder);
    }

    private static Optional<Path> folder(String text) {
        try {
            return Optional.of(Path.of(text)).filter(Files::isDirectory);
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /**
     * Finds or downloads the newest files of a model, and returns their folder.
     *
     * @see #fetch(String, String)
     */
    public Path fetch(String id) {
        return fetch(id, DEFAULT_REVISION);
    }

    /**
     * Finds or downloads the files that a model is loaded from, and returns their folder: configuration, tokenizer, and
     * weights as safetensors. Lengths and hashes are checked, and an interrupted download resumes.
     *
     * <p>A branch or tag is looked up on the hub each time; if the hub does not answer, the cache's entry for it is used. A
     * commit that is in the cache needs no request.
     *
     * @param id owner and name, such as {@code OpenGVLab/InternVL2_5-1B}
     * @param revision a branch, a tag or a commit
     * @throws IllegalArgumentException if the id or the revision is malformed
     * @throws DownloadException if the files are neither in the cache nor available
     */
    public Path fetch(String id, String revision) {
        RepoId repo = RepoId.parse(id)
                .orElseThrow(() -> new IllegalArgumentException(
                        "a hub id must be owner/name, such as OpenGVLab/InternVL2_5-1B: \"" + id + "\""));
        return new Repository(settings, repo, progress).fetch(revision);
    }

    /** A builder of hubs. Not thread-safe. */
    public static final class Builder {
        private final HubSettings environment =
                HubSettings.of(System.getenv(), Path.of(System.getProperty("user.home")));
        private URI endpoint = environment.endpoint();
        private Path cache = environment.cache();
        private @Nullable String token = environment.token();
        private boolean offline = environment.offline();
        private ProgressListener progress = (bytes, total) -> {};

        private Builder() {}

        /** Sets the address of the hub, such as {@code https://huggingface.co}. */
        public Builder endpoint(URI address) {
            this.endpoint = Objects.requireNonNull(address, "endpoint");
            return this;
        }

        /** Sets the folder that holds a folder for each repository. */
        public Builder cache(Path folder) {
            this.cache = Objects.requireNonNull(folder, "cache");
            return this;
        }

        /** Sets the token that opens gated and private repositories; it is sent to the endpoint alone. */
        public Builder token(@Nullable String secret) {
            this.token = secret;
            return this;
        }

        /** Sets whether only the cache may be used. */
        public Builder offline(boolean only) {
            this.offline = only;
            return this;
        }

        /** Sets the listener that is called as bytes arrive; files in the cache cause no calls. */
        public Builder progress(ProgressListener listener) {
            this.progress = Objects.requireNonNull(listener, "progress");
            return this;
        }

        /**
         * Makes the hub.
         *
         * @throws IllegalArgumentException if the endpoint is not an http or https URL, or the token is malformed
         */
        public Hub build() {
            return new Hub(new HubSettings(endpoint, cache, token, offline, environment.symlinks()), progress);
        }
    }
}
