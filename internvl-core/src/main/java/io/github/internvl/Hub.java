package io.github.internvl;

import io.github.internvl.internal.hub.HubSettings;
import io.github.internvl.internal.hub.RepoId;
import io.github.internvl.internal.hub.Repository;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The Hugging Face hub, or a mirror that speaks as it does, behind a cache on disk that is shared with Python: what
 * huggingface_hub or transformers downloaded is found here, and they find what is downloaded here.
 *
 * <p>Without settings of its own it is where the environment says, as Python reads it: {@code HF_ENDPOINT}, {@code
 * HF_HUB_CACHE} (or {@code HF_HOME}, with the cache in {@code hub} below it; without both {@code ~/.cache/huggingface}),
 * {@code HF_TOKEN} (or the file {@code token} in {@code HF_HOME}), {@code HF_HUB_OFFLINE}.
 *
 * <p>Immutable and thread-safe; several processes may use one cache at the same time.
 */
public final class Hub {
    private static final String USUAL_REVISION = "main";

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

    /** Collects what is to differ from the environment. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns the folder of a model that is named in either way: an existing directory is taken as it is, and anything else
     * is fetched by its id.
     *
     * @throws CheckpointException if the text is neither a folder nor an id
     * @throws DownloadException if the files are neither in the cache nor to be had
     */
    public Path find(String idOrFolder) {
        Optional<Path> folder = folder(idOrFolder);
        if (folder.isPresent()) {
            return folder.get();
        }
        if (RepoId.parse(idOrFolder).isEmpty()) {
            throw new CheckpointException(
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
        return fetch(id, USUAL_REVISION);
    }

    /**
     * Finds or downloads the files that a model is loaded from, and returns their folder: configuration, tokenizer, and
     * weights as safetensors. Lengths and hashes are checked; what a cut has left is gone on from.
     *
     * <p>A branch or tag is looked up on the hub each time, and what the cache knows of it serves when the hub does not
     * answer; a commit that is in the cache is taken without asking.
     *
     * @param id owner and name, such as {@code OpenGVLab/InternVL2_5-1B}
     * @param revision a branch, a tag or a commit
     * @throws IllegalArgumentException if id or revision cannot be one
     * @throws DownloadException if the files are neither in the cache nor to be had
     */
    public Path fetch(String id, String revision) {
        RepoId repo = RepoId.parse(id)
                .orElseThrow(() -> new IllegalArgumentException(
                        "a hub id must be owner/name, such as OpenGVLab/InternVL2_5-1B: \"" + id + "\""));
        return new Repository(settings, repo, progress).fetch(revision);
    }

    /** Collects how a hub is reached. Not thread-safe. */
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

        /** Sets who hears how far a download has come; nothing is heard of what is in the cache. */
        public Builder progress(ProgressListener listener) {
            this.progress = Objects.requireNonNull(listener, "progress");
            return this;
        }

        /**
         * Makes the hub.
         *
         * @throws IllegalArgumentException if the endpoint is no http or https address, or the token can be none
         */
        public Hub build() {
            return new Hub(new HubSettings(endpoint, cache, token, offline, environment.symlinks()), progress);
        }
    }
}
