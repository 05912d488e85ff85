package io.github.internvl.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model repository: lists its files on the hub and brings those a model needs into the cache. Requests run on threads of
 * their own while the caller's thread waits, so that an interrupt ends a fetch at once.
 */
final class Repository {
    private static final Logger LOG = LoggerFactory.getLogger(Repository.class);
    private static final int AT_ONCE = 4;

    private final HubSettings settings;
    private final RepoId id;
    private final RetryPolicy retries;
    private final ProgressListener listener;
    private final HubClient client;
    private final HubApi api;
    private final RepoCache cache;

    /** A repository as {@code settings} find it; {@code listener} is called as bytes arrive. */
    Repository(HubSettings settings, RepoId id, ProgressListener listener) {
        this(settings, id, listener, RetryPolicy.USUAL);
    }

    Repository(HubSettings settings, RepoId id, ProgressListener listener, RetryPolicy retries) {
        this.settings = settings;
        this.id = id;
        this.listener = listener;
        this.retries = retries;
        this.client = new HubClient(settings, retries.silence());
        this.api = new HubApi(settings, id, client);
        this.cache = new RepoCache(settings, id);
    }

    /**
     * Returns the folder of a revision's files, after fetching what is missing. Files in the cache are used as they are
     * when offline, when the hub does not answer, and when the revision is a commit, which does not change.
     */
    Path fetch(String revision) {
        RepoId.checkRevision(revision);
        try {
            Optional<Path> cached = cached(revision);
            boolean fixed = HubApi.COMMIT.matcher(revision).matches();
            if (settings.offline() || (fixed && cached.isPresent())) {
                return cached.orElseThrow(() -> absent(revision));
            }
            HubApi.Listing listing;
            try {
                RetryPolicy attempts = cached.isPresent() ? retries.none() : retries;
                listing = together(List.of(revision), name -> api.list(name, attempts))
                        .get(0);
            } catch (DownloadException e) {
                Path old = cached.orElseThrow(() -> e);
                LOG.info("{}; using the cached {}", e.getMessage(), old);
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

    private void download(HubApi.Listing listing, List<String> names, ProgressListener told)
            throws IOException, InterruptedException {
        String commit = listing.commit();
        List<RemoteFile> wanted = new ArrayList<>();
        long bytes = 0;
        long missing = 0;
        for (RemoteFile file : together(names, name -> file(listing, name))) {
            if (!cache.holds(commit, file)) {
                wanted.add(file);
                bytes += file.bytes();
                missing += cache.holdsBlob(file) ? 0 : file.bytes() - cache.arrived(file);
            }
        }
        if (!wanted.isEmpty()) {
            checkSpace(missing);
            LOG.debug("fetching {} files of {}, {} bytes, into {}", wanted.size(), id, missing, cache.folder());
            Progress progress = new Progress(told, bytes);
            together(wanted, file -> {
                new BlobDownload(cache, id, file, progress)
                        .into(commit, api.file(commit, file.name()), client, retries);
                return file;
            });
        }
    }

    private RemoteFile file(HubApi.Listing listing, String name) throws InterruptedException {
        if (!listing.names().contains(name)) {
            throw new DownloadException(
                    id + ": the repository must hold " + name + ", which its " + NeededFiles.INDEX + " names");
        }
        RemoteFile told = listing.files().get(name);
        return told == null ? api.describe(listing.commit(), name, retries) : told;
    }

    private void checkSpace(long missing) throws IOException {
        Files.createDirectories(cache.folder());
        long usable = Files.getFileStore(cache.folder()).getUsableSpace();
        if (usable > 0 && usable < missing) { // some network file systems say 0 and have room
            throw new DownloadException(id + ": " + missing + " bytes are to be fetched, but " + cache.folder()
                    + " has room for " + usable + "; free some, or set HF_HUB_CACHE to a folder on another disk");
        }
    }

    private interface Task<A, R> {
        R on(A item) throws InterruptedException;
    }

    /** Works on several items at a time and returns the results in order; the first failure ends the others. */
    private <A, R> List<R> together(List<A> items, Task<A, R> task) throws InterruptedException {
        ExecutorService workers = Executors.newFixedThreadPool(Math.min(AT_ONCE, items.size()), work -> {
            Thread thread = new Thread(work, "internvl-download");
            thread.setDaemon(true);
            thread.setContextClassLoader(Repository.class.getClassLoader());
            return thread;
        });
        try {
            ExecutorCompletionService<R> completed = new ExecutorCompletionService<>(workers);
            List<Future<R>> futures = items.stream()
                    .map(item -> completed.submit(() -> task.on(item)))
                    .toList();
            for (int i = 0; i < futures.size(); i++) {
                next(completed).get();
            }
            List<R> results = new ArrayList<>();
            for (Future<R> future : futures) {
                results.add(future.get());
            }
            return results;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure
                    ? failure
                    : new DownloadException(id + ": " + e.getCause(), e);
        } finally {
            workers.shutdownNow();
            client.cancelAll();
            if (client.hasReached()) { // else a look-up of the host's name may hang, which nothing ends
                workers.awaitTermination(retries.silence().toMillis(), TimeUnit.MILLISECONDS);
            }
        }
    }

    /** Waits for the next result, but not for long where no server can be connected to. */
    private <R> Future<R> next(ExecutorCompletionService<R> completed) throws InterruptedException {
        if (!client.hasReached()) {
            Duration contact = HubClient.contact();
            Future<R> soon = completed.poll(contact.toMillis(), TimeUnit.MILLISECONDS);
            if (soon != null) {
                return soon;
            }
            if (!client.hasReached()) {
                throw new DownloadException(id + ": " + settings.endpoint() + " cannot be reached within "
                        + contact.toSeconds() + " s; check the network, and the proxy if there is one, or allow a slow"
                        + " network more seconds with the property internvl.hub.contact");
            }
        }
        return completed.take();
    }
}
