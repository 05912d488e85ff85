package io.github.internvl.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.util.Platform;
import io.github.internvl.InternVLException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that killed processes and full disks leave in DJL's cache do not end the next process. */
class LibraryFileTest {
    private static final byte[] WHOLE = {1, 2, 3, 4, 5, 6, 7};

    @TempDir
    Path home;

    private Path file;
    private LibraryFile bundled;

    @BeforeEach
    void unpack() throws IOException {
        file = home.resolve("folder").resolve("libsome.so");
        Files.createDirectories(file.getParent());
        Path source = Files.write(home.resolve("source"), WHOLE);
        bundled = new LibraryFile(file, false, source.toUri().toURL());
    }

    @Test
    void unpacksAgainWhatWasCutShort() throws IOException {
        Files.write(file, Arrays.copyOf(WHOLE, 3));
        bundled.repair();
        assertThat(file).hasBinaryContent(WHOLE);
        assertThat(names(home.resolve("folder"))).containsExactly("libsome.so");
    }

    @Test
    void leavesWhatIsWholeOrNotThere() throws IOException {
        bundled.repair();
        assertThat(file).doesNotExist();
        Files.write(file, WHOLE);
        Object before = Files.readAttributes(file, "*").get("fileKey");
        bundled.repair();
        assertThat(Files.readAttributes(file, "*").get("fileKey")).isEqualTo(before);
    }

    @Test
    void refusesADownloadThatWasCutShort() throws IOException {
        byte[] library = library();
        LibraryFile downloaded = new LibraryFile(Files.write(file, library), false, null);
        downloaded.repair();
        Files.write(file, Arrays.copyOf(library, library.length - 1000));
        assertThatThrownBy(downloaded::repair)
                .isInstanceOf(InternVLException.class)
                .hasMessageStartingWith(file + " must have at least ")
                .hasMessageContaining(": " + (library.length - 1000) + "; the download was cut short, delete");
    }

    @Test
    void deletesOnlyWhatWasLeftLongAgo() throws IOException {
        Path left = leftover("tmp1", Duration.ofHours(2));
        Path current = leftover("tmp2", Duration.ofMinutes(5));
        new LibraryCache(home, List.of()).repair();
        assertThat(left).doesNotExist();
        assertThat(current).isDirectoryContaining("glob:**libtorch.so");
        assertThat(file.getParent()).exists();
    }

    @Test
    void namesTheFolderThatCannotBeWritten() throws IOException {
        Path inTheWay = Files.write(home.resolve("a file"), WHOLE).resolve("pytorch");
        LibraryCache cache = new LibraryCache(inTheWay, List.of());
        assertThatThrownBy(cache::repair)
                .isInstanceOf(InternVLException.class)
                .hasMessageStartingWith(inTheWay + " must be a folder that can be written")
                .hasMessageContaining("set DJL_CACHE_DIR");
    }

    @ParameterizedTest
    @CsvSource({"cu128, cu128", "cu129, cu128", "cpu, cpu", "cu124, cpu"})
    void checksOnlyTheDownloadThatWillBeUsed(String flavor, String used) throws IOException {
        Platform platform = Platform.fromSystem("pytorch");
        for (String each : List.of("cpu", "cu128")) {
            Path folder = home.resolve(platform.getVersion() + "-" + each + "-" + platform.getClassifier());
            Files.write(Files.createDirectories(folder).resolve(System.mapLibraryName("torch")), WHOLE);
        }
        System.setProperty("PYTORCH_FLAVOR", flavor);
        try {
            assertThat(LibraryCache.downloads(home, platform))
                    .extracting(folder -> String.valueOf(folder.getFileName()))
                    .containsExactly(platform.getVersion() + "-" + used + "-" + platform.getClassifier());
        } finally {
            System.clearProperty("PYTORCH_FLAVOR");
        }
    }

    @Test
    void namesTheLibraryThatFails() {
        AssertionError lost = new AssertionError("No pytorch version found in property file.");
        assertThat(LoadFailure.of("libtorch", lost))
                .hasMessageStartingWith(
                        "libtorch cannot be loaded: the jar of the application must keep the properties")
                .hasMessageContaining(String.valueOf(lost.getMessage()));
        assertThat(LoadFailure.of("the native tokenizers", new UnsatisfiedLinkError("no such file")))
                .hasMessageStartingWith("the native tokenizers cannot be loaded: the jar ai.djl.huggingface:tokenizers")
                .hasMessageEndingWith("no such file");
    }

    @Test
    void namesTheFileOfAChosenFolderThatDoesNotLoad() {
        RuntimeException failure =
                new IllegalStateException("Failed to load", new UnsatisfiedLinkError("libx.so: liby.so: cannot open"));
        System.setProperty("PYTORCH_LIBRARY_PATH", home.toString());
        try {
            assertThat(LoadFailure.of("libtorch", failure))
                    .hasMessageContaining("the folder of PYTORCH_LIBRARY_PATH must have libtorch 2.7.1")
                    .hasMessageContaining("libx.so: liby.so: cannot open");
        } finally {
            System.clearProperty("PYTORCH_LIBRARY_PATH");
        }
    }

    private Path leftover(String name, Duration age) throws IOException {
        Path folder = Files.createDirectories(home.resolve(name));
        Path part = Files.write(folder.resolve("libtorch.so"), WHOLE);
        for (Path each : List.of(part, folder)) {
            Files.setLastModifiedTime(each, FileTime.from(Instant.now().minus(age)));
        }
        return folder;
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(each -> String.valueOf(each.getFileName())).toList();
        }
    }

    /** A library as a linker wrote it. */
    private static byte[] library() throws IOException {
        String name = "jnilib/linux-x86_64/cpu/libdjl_torch.so";
        ClassLoader loader = LibraryFileTest.class.getClassLoader();
        assumeTrue(loader.getResource(name) != null);
        try (InputStream bytes = Objects.requireNonNull(loader.getResourceAsStream(name))) {
            return bytes.readAllBytes();
        }
    }
}
