package io.github.internvl.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.condition.OS.LINUX;

import ai.djl.util.Utils;
import com.sun.net.httpserver.HttpServer;
import io.github.internvl.InternVL;
import io.github.internvl.fixtures.TinyCheckpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.io.TempDir;

/** A model in surroundings that are not a plain program's: it answers, or one sentence says what is to be done. */
class EnvironmentTest {
    private static final Path CHECKPOINT = TinyCheckpoint.qwen().toAbsolutePath();

    @TempDir
    Path folder;

    @BeforeAll
    static void unpackOnce() {
        TorchRuntime.version();
    }

    @Test
    @EnabledOnOs(LINUX)
    void answersToTwoClassLoadersAtOnce() throws Exception {
        assertThat(OwnJvm.TWO_LOADERS.run(CHECKPOINT))
                .containsSubsequence("answered true", "answered true", "answered true", "answered true");
        try (Stream<Path> left = Files.list(Utils.getEngineCacheDir("pytorch"))) {
            assertThat(left.map(Path::toString)).noneMatch(name -> name.contains("tmp-shared"));
        }
    }

    @Test
    void answersWithoutServicesFiles() throws Exception {
        assertThat(OwnJvm.NO_SERVICES.run(CHECKPOINT)).contains("answered true");
    }

    @Test
    void namesThePropertiesThatAJarHasLost() throws Exception {
        assertThat(OwnJvm.NO_PROPERTIES.run(CHECKPOINT))
                .contains("InternVLException: ")
                .contains("cannot be loaded: the jar of the application must keep the properties files of DJL")
                .doesNotContain("\tat ");
    }

    @Test
    void writesNothingIntoTheCacheOnceTheLibrariesAreLoaded() throws Exception {
        Path cache = folder.resolve("cache"); // others write to the usual one
        copyCache(cache);
        assertThat(OwnJvm.AGAIN.run(CHECKPOINT, "-DDJL_CACHE_DIR=" + cache))
                .containsSubsequence(
                        "answered true",
                        "answered true",
                        "pytorch written false",
                        "answered true",
                        "tokenizers written false");
    }

    @Test
    @EnabledOnOs(LINUX)
    void answersWhereNoNamesCanBeMadeForASecondClassLoader() throws Exception {
        LibraryCache cache = LibraryCache.ofTorch();
        Path none = Files.createFile(folder.resolve("none"));
        assertThat(SharedLibraries.of(new LibraryCache(none, cache.libraries())))
                .isNull();
    }

    @Test
    @EnabledOnOs(LINUX)
    void knowsALoadedLibraryByAnotherWayToItAndNoOther() throws Exception {
        LibraryCache cache = LibraryCache.ofTorch();
        Path way = Files.createSymbolicLink(folder.resolve("way"), cache.home().toRealPath());
        Path copy = folder.resolve("copy");
        List<LibraryFile> there = new ArrayList<>();
        List<LibraryFile> other = new ArrayList<>();
        for (LibraryFile library : cache.libraries()) {
            Path inside = cache.home().relativize(library.file());
            there.add(new LibraryFile(way.resolve(inside), library.binding(), null));
            other.add(new LibraryFile(copy.resolve(inside), library.binding(), null));
            Files.createDirectories(copy.resolve(inside).getParent());
            Files.createFile(copy.resolve(inside));
        }
        try (SharedLibraries shared = SharedLibraries.of(new LibraryCache(folder, there))) {
            assertThat(shared).isNotNull();
        }
        assertThat(SharedLibraries.of(new LibraryCache(folder, other))).isNull();
    }

    @Test
    void answersUnderAStrangeContextClassLoader() throws Exception {
        assertThat(OwnJvm.STRANGE_CONTEXT.run(CHECKPOINT)).contains("answered true");
    }

    @Test
    void namesTheFolderWhereNothingCanBeWritten() throws Exception {
        Path none = Files.createFile(folder.resolve("none"));
        assertThat(OwnJvm.PLAIN.run(CHECKPOINT, "-Djava.io.tmpdir=" + none, "-Duser.home=" + none))
                .contains("InternVLException: " + none.resolve(".djl.ai"))
                .contains("set DJL_CACHE_DIR")
                .doesNotContain("\tat ");
    }

    @Test
    void answersWithAWrittenCacheAndNothingElse() throws Exception {
        Path none = Files.createFile(folder.resolve("none"));
        assertThat(OwnJvm.PLAIN.run(
                        CHECKPOINT,
                        "-Djava.io.tmpdir=" + none,
                        "-Duser.home=" + none,
                        "-DDJL_CACHE_DIR=" + Utils.getEngineCacheDir()))
                .contains("answered true");
    }

    @Test
    @EnabledOnOs(LINUX)
    void unpacksAgainALibtorchThatWasCutShort() throws Exception {
        Path cache = folder.resolve("cache");
        copyCache(cache);
        Path cut = cutShort(cache, "libc10.so");
        Path binding = cutShort(cache, "libdjl_torch.so");
        Path tokenizers = cutShort(cache, "libtokenizers.so");
        assertThat(OwnJvm.PLAIN.run(CHECKPOINT, "-DDJL_CACHE_DIR=" + cache)).contains("answered true");
        assertThat(List.of(cut, binding, tokenizers))
                .allSatisfy(file -> assertThat(Files.size(file)).isGreaterThan(100_000));
    }

    @Test
    void answersWithoutTheGpuForWhichTheTokenizersWereUnpacked() throws Exception {
        Path cache = folder.resolve("cache");
        copyCache(cache);
        Path plain = find(cache, System.mapLibraryName("tokenizers"));
        Path below = Files.createDirectory(plain.resolveSibling("90"));
        try (Stream<Path> files = Files.list(plain.getParent())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.move(file, below.resolve(file.getFileName()));
            }
        }
        assertThat(OwnJvm.PLAIN.run(CHECKPOINT, "-DDJL_CACHE_DIR=" + cache))
                .contains("answered true")
                .doesNotContain("Cannot copy");
        cutShort(cache, System.mapLibraryName("tokenizers"));
        assertThat(OwnJvm.PLAIN.run(CHECKPOINT, "-DDJL_CACHE_DIR=" + cache)).contains("answered true");
    }

    @Test
    @EnabledOnOs(LINUX)
    void answersFromCopiedWeightsWhenTheirFilesAreEmptied() throws Exception {
        Path copy = TinyCheckpoint.copy(CHECKPOINT, Files.createDirectory(folder.resolve("copy")));
        assertThat(OwnJvm.COPIED.run(copy)).containsSubsequence("emptied ", "answered true");
    }

    @Test
    void namesTheModuleThatAJlinkedJdkLacks() throws Exception {
        assertThat(OwnJvm.PLAIN.run(CHECKPOINT, "--limit-modules", "java.base,java.logging"))
                .contains("a model needs the modules java.logging, jdk.jfr of the JDK")
                .contains("has no jdk.jfr; add it to jlink's --add-modules");
    }

    @Test
    void answersByTheIdOfAModelInAJlinkedJdk() throws Exception {
        Path cache = TinyCheckpoint.hubCache(CHECKPOINT, "OpenGVLab/InternVL2_5-1B", folder.resolve("hub"));
        HttpServer hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hub.createContext("/", exchange -> {
            exchange.sendResponseHeaders(404, -1);
            exchange.close();
        });
        hub.start();
        try {
            String endpoint = "-Dendpoint=http://127.0.0.1:" + hub.getAddress().getPort();
            assertThat(OwnJvm.BY_ID.run(cache, endpoint, "--limit-modules", "java.base,java.logging,jdk.jfr"))
                    .containsSubsequence("answered true", "DownloadException: ", "InternVL2_5-2B")
                    .doesNotContain("NoClassDefFoundError");
        } finally {
            hub.stop(0);
        }
    }

    @Test
    void keepsNoCallersClassLoaderOnItsThreads() {
        ClassLoader callers = new ClassLoader(getClass().getClassLoader()) {};
        Thread.currentThread().setContextClassLoader(callers);
        try (InternVL model = InternVL.load(CHECKPOINT)) {
            model.chatAsync("Hello.").join();
            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> thread.getName().startsWith("internvl-"))
                    .isNotEmpty()
                    .noneMatch(thread -> thread.getContextClassLoader() == callers);
        } finally {
            Thread.currentThread().setContextClassLoader(getClass().getClassLoader());
        }
    }

    /** Links to what is unpacked, so that nothing large is written. */
    private static void copyCache(Path target) throws IOException {
        Path home = Utils.getEngineCacheDir();
        for (String part : List.of("pytorch", "tokenizers")) {
            try (Stream<Path> files = Files.walk(home.resolve(part))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    Path copy = target.resolve(home.relativize(file).toString());
                    Files.createDirectories(copy.getParent());
                    try {
                        Files.createLink(copy, file);
                    } catch (IOException e) { // another file system
                        Files.copy(file, copy);
                    }
                }
            }
        }
    }

    private static Path cutShort(Path cache, String name) throws IOException {
        Path file = find(cache, name);
        byte[] begin = new byte[5000];
        Files.delete(file);
        return Files.write(file, begin);
    }

    private static Path find(Path cache, String name) throws IOException {
        try (Stream<Path> files = Files.walk(cache)) {
            return files.filter(each -> each.toString().endsWith(name))
                    .findFirst()
                    .orElseThrow();
        }
    }
}
