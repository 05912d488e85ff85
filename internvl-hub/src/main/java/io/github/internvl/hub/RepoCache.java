package io.github.internvl.hub;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.UUID;

/**
 * A repository's folder in the cache, laid out as huggingface_hub does: {@code blobs} holds contents under their hash,
 * {@code snapshots} a folder per commit with links to them, {@code refs} the commit of each branch or tag. Every file
 * appears complete, by a rename.
 */
final class RepoCache {
    private final Path folder;
    private final Path locks;
    private final boolean symlinks;

    RepoCache(HubSettings settings, RepoId id) {
        this.folder = settings.cache().resolve(id.folder());
        this.locks = settings.cache().resolve(".locks").resolve(id.folder());
        this.symlinks = settings.symlinks();
    }

    Path folder() {
        return folder;
    }

    Path snapshot(String commit) {
        return inside(folder.resolve("snapshots").resolve(commit));
    }

    Path blob(RemoteFile file) {
        return inside(folder.resolve("blobs").resolve(file.hash()));
    }

    /** The partial download of a blob. Its name is not Python's, since neither side respects the other's lock. */
    Path partial(RemoteFile file) {
        return inside(folder.resolve("blobs").resolve(file.hash() + ".internvl.incomplete"));
    }

    Path pointer(String commit, RemoteFile file) {
        return inside(snapshot(commit).resolve(file.name()));
    }

    CacheLock lock(RemoteFile file) throws IOException, InterruptedException {
        return CacheLock.of(locks.resolve(file.hash() + ".lock"));
    }

    /** The commit of a revision, if the cache knows it. */
    Optional<String> commit(String revision) throws IOException {
        if (HubApi.COMMIT.matcher(revision).matches()) {
            return Optional.of(revision);
        }
        Path ref = inside(folder.resolve("refs").resolve(revision));
        return Files.isRegularFile(ref)
                ? Optional.of(Files.readString(ref).strip()).filter(HubApi.COMMIT.asMatchPredicate())
                : Optional.empty();
    }

    /** Records the commit of a branch or tag. */
    void remember(String revision, String commit) throws IOException {
        if (commit(revision).filter(commit::equals).isPresent()) {
            return;
        }
        Path ref = inside(folder.resolve("refs").resolve(revision));
        Files.createDirectories(ref.getParent());
        Path whole = Files.writeString(unique(ref), commit);
        Files.move(whole, ref, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Whether a commit's snapshot has a file, with its length. */
    boolean holds(String commit, RemoteFile file) throws IOException {
        return isWhole(pointer(commit, file), file);
    }

    boolean holdsBlob(RemoteFile file) throws IOException {
        return isWhole(blob(file), file);
    }

    private static boolean isWhole(Path path, RemoteFile file) throws IOException {
        return Files.isRegularFile(path) && Files.size(path) == file.bytes();
    }

    /** Makes a partial file, complete and checked, the blob. */
    void complete(RemoteFile file) throws IOException {
        Files.move(partial(file), blob(file), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Puts a blob into a commit's snapshot: as a relative link, so that the cache can be moved, or where the file system
     * has no links, as the file itself, of which a blob that was there before keeps a copy for other commits.
     */
    void link(String commit, RemoteFile file, boolean newBlob) throws IOException {
        Path pointer = pointer(commit, file);
        Path blob = blob(file);
        Files.createDirectories(snapshot(commit));
        if (symlinks && symlink(pointer, snapshot(commit).relativize(blob))) {
            return;
        }
        Path whole = blob;
        if (!newBlob) {
            whole = Files.copy(blob, unique(blob));
        }
        Files.move(whole, pointer, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static boolean symlink(Path pointer, Path target) throws IOException {
        try {
            Files.createSymbolicLink(pointer, target);
            return true;
        } catch (FileAlreadyExistsException e) {
            if (Files.isSymbolicLink(pointer) && Files.readSymbolicLink(pointer).equals(target)) {
                return true; // somebody else was as quick
            }
            Path right = Files.createSymbolicLink(unique(pointer), target);
            Files.move(right, pointer, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return true;
        } catch (UnsupportedOperationException | FileSystemException e) {
            return false;
        }
    }

    /** Bytes of a partial download that can be resumed. */
    long arrived(RemoteFile file) throws IOException {
        return partialAttributes(file)
                .filter(partial -> isUsable(partial, file))
                .map(BasicFileAttributes::size)
                .orElse(0L);
    }

    /** Removes a partial file that is longer than the file, or a link: nothing is ever written through one. */
    void forgetUnusable(RemoteFile file) throws IOException {
        if (partialAttributes(file).filter(partial -> !isUsable(partial, file)).isPresent()) {
            forget(file);
        }
    }

    /** Removes a partial file. */
    void forget(RemoteFile file) throws IOException {
        Files.deleteIfExists(partial(file));
    }

    private Optional<BasicFileAttributes> partialAttributes(RemoteFile file) throws IOException {
        try {
            return Optional.of(
                    Files.readAttributes(partial(file), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static boolean isUsable(BasicFileAttributes partial, RemoteFile file) {
        return partial.isRegularFile() && partial.size() <= file.bytes();
    }

    private static Path unique(Path path) {
        String tail = "." + UUID.randomUUID().toString().substring(0, 8) + ".incomplete";
        return path.resolveSibling(path.getFileName() + tail);
    }

    private Path inside(Path path) {
        Path normal = path.normalize();
        if (!normal.startsWith(folder) || !normal.equals(path)) {
            throw new IllegalArgumentException("a path of the cache must lie in " + folder + ": " + path);
        }
        return normal;
    }
}
