package io.github.internvl.internal.torch;

import ai.djl.util.ClassLoaderUtils;
import ai.djl.util.Platform;
import ai.djl.util.Utils;
import io.github.internvl.InternVLException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where DJL unpacks the native libraries of one of its parts, {@code pytorch} or {@code tokenizers}.
 *
 * @param home the folder of that part
 * @param libraries the libraries that will be loaded from it
 */
record LibraryCache(Path home, List<LibraryFile> libraries) {
    private static final Logger LOG = LoggerFactory.getLogger(LibraryCache.class);

    private static final String JNI = System.mapLibraryName("djl_torch");

    /** DJL unpacks in a minute, and a download writes all the time. */
    private static final Duration ABANDONED = Duration.ofHours(1);

    static LibraryCache ofTorch() throws IOException {
        Platform platform = Platform.detectPlatform("pytorch");
        Path home = Utils.getEngineCacheDir("pytorch");
        String classifier = platform.getClassifier();
        List<LibraryFile> libraries = new ArrayList<>();
        if (platform.isPlaceholder()) {
            for (Path folder : downloads(home, platform)) {
                for (Path file : list(folder, "*")) {
                    libraries.add(new LibraryFile(file, file.toString().endsWith(JNI), null));
                }
            }
        } else {
            String flavor = platform.getFlavor();
            Path folder = home.resolve(platform.getVersion() + '-' + flavor + '-' + classifier);
            for (String name : platform.getLibraries()) {
                String source = "pytorch/" + flavor + '/' + classifier + '/' + name;
                libraries.add(bundled(folder.resolve(name), false, source));
            }
            String source = "jnilib/" + classifier + '/' + flavor + '/' + JNI;
            libraries.add(bundled(folder.resolve(platform.getApiVersion() + '-' + JNI), true, source));
        }
        return new LibraryCache(home, libraries);
    }

    /** The downloaded folders that DJL may use: the one of its flavor, else one for an earlier CUDA, else one for CPUs. */
    static List<Path> downloads(Path home, Platform platform) {
        String chosen = Utils.getEnvOrSystemProperty("PYTORCH_FLAVOR");
        boolean old = Boolean.parseBoolean(Utils.getEnvOrSystemProperty("PYTORCH_PRECXX11"));
        String own = platform.getFlavor() + (old ? "-precxx11" : "");
        String begin = platform.getVersion() + '-';
        String end = '-' + platform.getClassifier();
        Path exact = home.resolve(begin + (chosen == null || chosen.isEmpty() ? own : chosen) + end);
        if (Files.exists(exact.resolve(System.mapLibraryName("torch")))) {
            return List.of(exact);
        }
        List<Path> earlier = list(home, begin + "cu*" + end).stream()
                .filter(folder -> folder.compareTo(exact) <= 0)
                .toList();
        return earlier.isEmpty() ? list(home, begin + "cpu*" + end) : earlier;
    }

    /** The cache of the tokenizers; DJL keeps a copy for each compute capability of a GPU below the one for machines without. */
    static LibraryCache ofTokenizers() throws IOException {
        Platform platform = Platform.detectPlatform("tokenizers");
        Path home = Utils.getEngineCacheDir("tokenizers");
        String name = System.mapLibraryName("tokenizers");
        Path folder = home.resolve(platform.getVersion() + "-cpu-" + platform.getClassifier());
        String source = "native/lib/" + platform.getClassifier() + "/cpu/" + name;
        List<LibraryFile> libraries = new ArrayList<>();
        for (Path below : list(folder, "*")) {
            if (Files.exists(below.resolve(name))) {
                libraries.add(bundled(below.resolve(name), true, source));
            }
        }
        Path plain = folder.resolve(name);
        if (libraries.isEmpty() || Files.exists(plain)) {
            libraries.add(bundled(plain, true, source));
        }
        return new LibraryCache(home, libraries);
    }

    private static LibraryFile bundled(Path file, boolean binding, String resource) throws IOException {
        return new LibraryFile(file, binding, ClassLoaderUtils.getResource(resource));
    }

    /** Deletes what killed processes left half unpacked, and unpacks again what is not whole. */
    void repair() {
        for (Path left : list(home, "tmp*")) {
            sweep(left);
        }
        libraries.forEach(LibraryFile::repair);
        if (libraries.isEmpty() || libraries.stream().anyMatch(library -> !Files.exists(library.file()))) {
            checkWritable();
        }
    }

    /** Refuses a folder that DJL could not unpack into, before it logs a trace for each try. */
    private void checkWritable() {
        try {
            Files.createDirectories(home);
            Files.delete(Files.createTempFile(home, "tmp", "probe"));
        } catch (IOException e) {
            throw new InternVLException(
                    home + " must be a folder that can be written, for native libraries to be unpacked: " + e
                            + "; set DJL_CACHE_DIR, as a variable of the environment or a system property, to one",
                    e);
        }
    }

    private static void sweep(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> all = files.sorted(Comparator.reverseOrder()).toList();
            Instant latest = Instant.MIN;
            for (Path file : all) {
                Instant changed = Files.getLastModifiedTime(file).toInstant();
                latest = changed.isAfter(latest) ? changed : latest;
            }
            if (latest.isBefore(Instant.now().minus(ABANDONED))) {
                LOG.info("{} was left half unpacked at {}; deleting it", folder, latest);
                for (Path file : all) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException | RuntimeException e) { // another process is at it, or the cache is read-only
            LOG.debug("{} stays", folder, e);
        }
    }

    private static List<Path> list(Path folder, String glob) {
        List<Path> found = new ArrayList<>();
        try (var files = Files.newDirectoryStream(folder, glob)) {
            files.forEach(found::add);
        } catch (IOException e) {
            LOG.debug("{} holds nothing yet", folder, e);
        }
        return found;
    }
}
