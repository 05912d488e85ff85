package io.github.internvl.internal.torch;

import ai.djl.util.Utils;
import io.github.internvl.InternVLException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Names for a second class loader. Java gives a native library to one class loader, by its path; Linux knows it by its inode.
 * So the second one loads hard links of libtorch, which is in memory once, and copies of the small bindings, which keep
 * references to classes. The names go once they are loaded.
 *
 * @param folder the folder with the names
 */
record SharedLibraries(Path folder) implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SharedLibraries.class);
    private static final Path MAPS = Path.of("/proc/self/maps");

    /** Where in a line of the maps a file stands. */
    private static final int FILE = 5;

    /**
     * Makes the names, if another class loader of this process has loaded the libraries of a cache; null if none has, or where
     * no names can be made: then DJL has them, or says that another class loader does.
     */
    static @Nullable SharedLibraries of(LibraryCache cache) {
        Set<String> mapped = mapped();
        Path home = null;
        for (LibraryFile library : cache.libraries()) {
            if (isMapped(library.file(), mapped)) {
                home = library.file().getParent();
            }
        }
        if (home == null) {
            return null;
        }
        try {
            return named(cache, home);
        } catch (IOException e) {
            LOG.debug("no names for a second class loader in {}", cache.home(), e);
            return null;
        }
    }

    private static SharedLibraries named(LibraryCache cache, Path home) throws IOException {
        SharedLibraries shared = new SharedLibraries(Files.createTempDirectory(cache.home(), "tmp-shared"));
        try {
            shared.name(cache.libraries(), home);
            return shared;
        } catch (IOException | RuntimeException e) {
            shared.close();
            throw e;
        }
    }

    /** Refuses a second libtorch: the bindings would find the first, by its name. */
    static void checkOne(LibraryCache cache) {
        Set<String> mapped = mapped();
        if (cache.libraries().stream().anyMatch(library -> isMapped(library.file(), mapped))) {
            return;
        }
        String torch = '/' + System.mapLibraryName("torch_cpu");
        for (String entry : mapped) {
            if (entry.endsWith(torch)) {
                throw new InternVLException("one process must have one libtorch: another class loader has loaded "
                        + entry + "; bring the applications to one version of DJL, or give each a process of its own");
            }
        }
    }

    private void name(List<LibraryFile> libraries, Path home) throws IOException {
        for (LibraryFile library : libraries) {
            Path file = library.file();
            if (home.equals(file.getParent()) && Files.exists(file)) {
                String name = String.valueOf(file.getFileName());
                if (library.binding()) {
                    Files.copy(file, folder.resolve(name.substring(name.lastIndexOf("lib"))));
                } else {
                    Files.createLink(folder.resolve(name), file);
                }
            }
        }
    }

    /** Whether a file is mapped, be it by another way to it: a link, or a folder that is mounted twice. */
    private static boolean isMapped(Path file, Set<String> mapped) {
        return mapped.stream().map(Path::of).anyMatch(other -> isSame(file, other));
    }

    private static boolean isSame(Path file, Path other) {
        try {
            return file.endsWith(other.getFileName()) && Files.isSameFile(file, other);
        } catch (IOException e) { // not there, or gone meanwhile
            return false;
        }
    }

    /** Files that this process has mapped; none where the system does not tell. */
    private static Set<String> mapped() {
        Set<String> found = new HashSet<>();
        try {
            for (String line : Files.readAllLines(MAPS)) {
                String[] words = line.split("\\s+", FILE + 1);
                if (words.length > FILE && words[FILE].startsWith("/")) {
                    found.add(words[FILE]);
                }
            }
        } catch (IOException e) {
            return Set.of();
        }
        return found;
    }

    /** Deletes the names; what is loaded stays loaded. */
    @Override
    public void close() {
        Utils.deleteQuietly(folder);
    }
}
