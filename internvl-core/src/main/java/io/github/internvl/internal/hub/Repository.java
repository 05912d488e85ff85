package io.github.internvl.internal.hub;

import io.github.internvl.DownloadException;
import io.github.internvl.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A model's repository: asks the hub what it holds, and brings into the cache what a model needs and is not there yet. */
public final class Repository {
    private static final Logger LOG = LoggerFactory.getLogger(Repository.class);
    private static final int AT_ONCE = 4;

    private final HubSettings settings;
    private final RepoId id;
    private final Patience patience;
    private final ProgressListener listener;
    private final HubConnection connection;
    private final HubApi api;
    private final RepoCache cache;

    /** A repository, as {@code settings} find it; {@code listener} hears of what is downloaded. */
    public Repository(HubSettings settings, RepoId id, ProgressListener listener) {
        this(settings, id, listener, Patience.USUAL);
    }

    Repository(HubSettings settings, RepoId id, ProgressListener listener, Patience patience) {
        this.settings = settings;
        this.id = id;
        this.listener = listener;
        this.patience = patience;
        if (ModuleLayer.boot().findModule("java.net.http").isEmpty()) {
            throw new DownloadException("models from the hub need the module java.net.http of the JDK: this Java, "
                    + System.getProperty("java.home") + ", has none; add it to jlink's --add-modules");
        }
        this.connection = new HubConnection(settings, patience.silence());
        this.api = new HubApi(settings, id, connection);
        this.cache = new RepoCache(settings, id);
    }

    /**
     * Returns the folder of a revision's files, after fetching what is missing. Files in the cache are used as they are
     * when offline, when the hub does not answer, and when the revision is a commit, which does not change.
     */
    public Path fetch(String revision) {
        RepoId.checkRevision(revision);
        try {
            Optional<Path> cached = cached(revision);
            boolean fixed = HubApi.COMMIT.matcher(revision).matches();
            if (settings.offline() || (fixed && cached.isPresent())) {
                return cached.orElseThrow(() -> absent(revision));
            }
            HubApi.Listing listing;
            try {
                listing = api.list(revision, cached.isPresent() ? patience.none() : patience);
            } catch (DownloadException e) {
                Path old = cached.orElseThrow(() -> e);
                LOG.info("{}; going on with {}", e.getMessage(), old);
                return old;
            }
            Path snapshot = download(listing);
            cache.remember(revision, listing.commit());
            return snapshot;
        } catch (IOException e) {
            throw new DownloadException(cache.folder() + ": the cache of " + id + " cannot be used: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DownloadException(id + ": interrupted; what has arrived is kept", e);
        }
    }

    private Optional<Path> cached(String revision) throws IOException {
        return cache.commit(revision)
                .map(cache::snapshot)
                .filter(snapshot -> NeededFiles.missing(snapshot).isEmpty());
    }

    private DownloadException absent(String revision) {
        return new DownloadException(id + ", revision " + revision + ": not (or not wholly) in the cache "
                + cache.folder() + ", and HF_HUB_OFFLINE forbids to fetch it; unset it, or fetch the model before: "
                + "internvl download " + id);
    }

    private Path download(HubApi.Listing listing) throws IOException, InterruptedException {
        List<String> names = new ArrayList<>(NeededFiles.of(id, listing.names()));
        Path snapshot = cache.snapshot(listing.commit());
        if (names.remove(NeededFiles.INDEX)) {
            download(listing, List.of(NeededFiles.INDEX), (bytes, total) -> {});
            names.addAll(NeededFiles.shards(snapshot.resolve(NeededFiles.INDEX)));
        }
        download(listing, names, listener);
        return snapshot;
    }

    private void download(HubApi.Listing listing, List<String> names, ProgressListener hears)
            throws IOException, InterruptedException {
        String commit = listing.commit();
        List<RemoteFile> wanted = new ArrayList<>();
        long bytes = 0;
        long missing = 0;
        for (String name : names) {
            RemoteFile file = file(listing, name);
            if (!cache.holds(commit, file)) {
                wanted.add(file);
                bytes += file.bytes();
                missing += cache.holdsBlob(file) ? 0 : file.bytes() - cache.arrived(file);
            }
        }
        if (!wanted.isEmpty()) {
            checkSpace(missing);
            LOG.debug("fetching {} files of {}, {} bytes, into {}", wanted.size(), id, missing, cache.folder());
            Progress progress = new Progress(hears, bytes);
            together(
                    wanted,
                    (file, stopped) -> new BlobDownload(cache, id, file, progress, stopped::get)
                            .into(commit, api.file(commit, file.name()), connection, patience));
        }
    }

    private RemoteFile file(HubApi.Listing listing, String name) throws InterruptedException {
        if (!listing.names().contains(name)) {
            throw new DownloadException(
                    id + ": the repository must hold " + name + ", which its " + NeededFiles.INDEX + " names");
        }
        RemoteFile told = listing.files().get(name);
        return told == null ? api.describe(listing.commit(), name, patience) : told;
    }

    private void checkSpace(long missing) throws IOException {
        Files.createDirectories(cache.folder());
        long usable = Files.getFileStore(cache.folder()).getUsableSpace();
        if (usable > 0 && usable < missing) { // some network file systems say 0 and have room
            throw new DownloadException(id + ": " + missing + " bytes are to be fetched, but " + cache.folder()
                    + " has room for " + usable + "; free some, or set HF_HUB_CACHE to a folder on another disk");
        }
    }

    private interface Work {
        void on(RemoteFile file, AtomicBoolean stopped) throws InterruptedException;
    }

    /** Works on several files at a time; the first failure ends the others. */
    private void together(List<RemoteFile> files, Work work) throws InterruptedException {
        AtomicBoolean stopped = new AtomicBoolean();
        ExecutorService workers = Executors.newFixedThreadPool(Math.min(AT_ONCE, files.size()), task -> {
            Thread thread = new Thread(task, "internvl-download");
            thread.setDaemon(true);
            thread.setContextClassLoader(Repository.class.getClassLoader());
            return thread;
        });
        try {
            ExecutorCompletionService<@Nullable Void> results = new ExecutorCompletionService<>(workers);
            for (RemoteFile file : files) {
                results.submit(() -> {
                    work.on(file, stopped);
                    return null;
                });
            }
            for (int i = 0; i < files.size(); i++) {
                results.take().get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure
                    ? failure
                    : new DownloadException(id + ": " + e.getCause(), e);
        } finally {
            stopped.set(true);
            workers.shutdownNow();
            workers.awaitTermination(patience.silence().toMillis(), TimeUnit.MILLISECONDS);
        }
    }
}
