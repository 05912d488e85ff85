package io.github.internvl.internal.hub;

import io.github.internvl.DownloadException;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Brings one file into the cache: goes on where an earlier attempt was cut, checks length and hash of what lies on disk,
 * and only then renames it to its place.
 */
final class BlobDownload {
    private static final int UNSATISFIABLE = 416;
    private static final int BUFFER = 1 << 16;

    private final RepoCache cache;
    private final RemoteFile file;
    private final String thing;
    private final Progress progress;
    private final BooleanSupplier stopped;
    private long reported;

    BlobDownload(RepoCache cache, RepoId id, RemoteFile file, Progress progress, BooleanSupplier stopped) {
        this.cache = cache;
        this.file = file;
        this.thing = id + ": " + file.name();
        this.progress = progress;
        this.stopped = stopped;
    }

    /** Fetches the file from {@code uri}, unless it is there by now, and puts it into the snapshot of a commit. */
    void into(String commit, URI uri, HubConnection connection, Patience patience) throws InterruptedException {
        try {
            CacheLock lock = cache.lock(file);
            try {
                if (!cache.holds(commit, file)) {
                    boolean newBlob = !cache.holdsBlob(file);
                    if (newBlob) {
                        fetch(uri, connection, patience);
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

    private void fetch(URI uri, HubConnection connection, Patience patience) throws IOException, InterruptedException {
        Files.createDirectories(cache.partial(file).getParent());
        boolean resumed = cache.arrived(file) > 0;
        while (true) {
            cache.forgetUnusable(file);
            report(cache.arrived(file));
            patience.attempt(() -> reported, () -> {
                receive(uri, connection);
                return true;
            });
            if (checkAndRename(resumed)) {
                return;
            }
            resumed = false;
        }
    }

    /** False if the hash is wrong and another try makes sense, since the part from earlier may have been bad. */
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

    private void receive(URI uri, HubConnection connection) throws PassingFailure, InterruptedException {
        try {
            long from = cache.arrived(file);
            if (from < file.bytes() || from == 0) {
                try (Answer answer = connection.get(thing, uri, from)) {
                    write(answer, answer.status() == 206 ? start(answer, from) : 0);
                }
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** A server without ranges sends all from the start; one that sends another range than asked for is not trusted. */
    private long start(Answer answer, long from) {
        String range = answer.header("Content-Range").orElse("");
        if (!range.startsWith("bytes " + from + "-")) {
            throw new DownloadException(
                    thing + ": asked for the bytes from " + from + " on, the server sends \"" + range + "\"");
        }
        return from;
    }

    private void write(Answer answer, long from) throws IOException, PassingFailure {
        if (answer.status() == UNSATISFIABLE) {
            cache.forget(file);
            throw new PassingFailure(thing + ": the server has no such range", null);
        }
        byte[] buffer = new byte[BUFFER];
        long at = from;
        try (FileChannel out = FileChannel.open(
                cache.partial(file), StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
            for (int n = read(answer, buffer); n >= 0; n = read(answer, buffer)) {
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
            throw new PassingFailure(thing + ": cut off after " + at + " of " + file.bytes() + " bytes", null);
        }
    }

    private int read(Answer answer, byte[] buffer) throws PassingFailure {
        if (stopped.getAsBoolean()) {
            throw new CancellationException(thing + ": stopped, since another file failed");
        }
        try {
            return answer.read(buffer);
        } catch (IOException e) {
            throw new PassingFailure(thing + ": cut off: " + e.getMessage(), e);
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
