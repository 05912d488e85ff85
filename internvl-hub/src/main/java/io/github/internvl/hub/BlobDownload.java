package io.github.internvl.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CancellationException;

/**
 * The download of one file into the cache. It resumes an earlier attempt, checks the length and the hash of the bytes on
 * disk, and only then renames the file to its final name.
 */
final class BlobDownload {
    private static final int UNSATISFIABLE = 416;
    private static final int BUFFER = 1 << 16;

    private final RepoCache cache;
    private final RemoteFile file;
    private final String thing;
    private final Progress progress;
    private long reported;

    BlobDownload(RepoCache cache, RepoId id, RemoteFile file, Progress progress) {
        this.cache = cache;
        this.file = file;
        this.thing = id + ": " + file.name();
        this.progress = progress;
    }

    /** Fetches the file from {@code uri} unless the cache has it by now, and links it into the snapshot of a commit. */
    void into(String commit, URI uri, HubClient client, RetryPolicy retries) throws InterruptedException {
        try {
            CacheLock lock = cache.lock(file);
            try {
                if (!cache.holds(commit, file)) {
                    boolean newBlob = !cache.holdsBlob(file);
                    if (newBlob) {
                        fetch(uri, client, retries);
                    }
                    cache.link(commit, file, newBlob);
                }
            } finally {
                lock.close();
            }
        } catch (IOException e) {
            throw failure(e);
        }
        report(file.bytes());
    }

    private void fetch(URI uri, HubClient client, RetryPolicy retries) throws IOException, InterruptedException {
        Files.createDirectories(cache.partial(file).getParent());
        boolean resumed = cache.arrived(file) > 0;
        while (true) {
            cache.forgetUnusable(file);
            report(cache.arrived(file));
            retries.attempt(() -> reported, () -> {
                receive(uri, client);
                return true;
            });
            if (checkAndRename(resumed)) {
                return;
            }
            resumed = false;
        }
    }

    /** Returns false if the hash is wrong and a fresh download makes sense, because a resumed part may have been bad. */
    private boolean checkAndRename(boolean resumed) throws IOException {
        try {
            String found = file.hashOf(cache.partial(file));
            if (found.equals(file.hash())) {
                cache.complete(file);
                return true;
            }
            cache.forget(file);
            if (!resumed) {
                throw new DownloadException(thing + ": its " + file.algorithm() + " must be " + file.hash() + ": "
                        + found + "; what came was thrown away; try again, and look for a proxy that changes files");
            }
            return false;
        } catch (NoSuchFileException e) {
            if (cache.holdsBlob(file)) {
                return true; // another process that no lock kept out was first
            }
            throw e;
        }
    }

    private void receive(URI uri, HubClient client) throws TransientFailure, InterruptedException {
        try {
            long from = cache.arrived(file);
            if (from < file.bytes() || from == 0) {
                try (HubResponse response = client.get(thing, uri, from)) {
                    write(response, response.status() == 206 ? start(response, from) : 0);
                }
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** The first byte that the server sends. A server without ranges sends all; another range than requested is rejected. */
    private long start(HubResponse response, long from) {
        String range = response.header("Content-Range").orElse("");
        if (!range.startsWith("bytes " + from + "-")) {
            throw new DownloadException(
                    thing + ": asked for the bytes from " + from + " on, the server sends \"" + range + "\"");
        }
        return from;
    }

    private void write(HubResponse response, long from) throws IOException, TransientFailure {
        if (response.status() == UNSATISFIABLE) {
            cache.forget(file);
            throw new TransientFailure(thing + ": the server has no such range", null);
        }
        byte[] buffer = new byte[BUFFER];
        long at = from;
        try (FileChannel out = FileChannel.open(
                cache.partial(file), StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
            for (int n = read(response, buffer); n >= 0; n = read(response, buffer)) {
                if (at + n > file.bytes()) {
                    throw new DownloadException(
                            thing + ": must be " + file.bytes() + " bytes long, but the server sends more");
                }
                for (ByteBuffer rest = ByteBuffer.wrap(buffer, 0, n); rest.hasRemaining(); ) {
                    at += out.write(rest, at);
                }
                report(Math.max(at, reported));
            }
            out.force(true);
        }
        if (at < file.bytes()) {
            throw new TransientFailure(thing + ": cut off after " + at + " of " + file.bytes() + " bytes", null);
        }
    }

    private int read(HubResponse response, byte[] buffer) throws TransientFailure {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException(
                    thing + ": stopped, because another file failed or the caller was interrupted");
        }
        try {
            return response.read(buffer);
        } catch (IOException e) {
            throw new TransientFailure(thing + ": cut off: " + e.getMessage(), e);
        }
    }

    private void report(long arrived) {
        progress.add(arrived - reported);
        reported = arrived;
    }

    private DownloadException failure(IOException e) {
        return new DownloadException(
                thing + ": cannot be written to " + cache.folder() + ": " + e.getMessage()
                        + "; what has arrived is kept: free space or mend it, and try again",
                e);
    }
}
