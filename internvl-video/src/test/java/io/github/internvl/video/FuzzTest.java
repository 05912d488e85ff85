package io.github.internvl.video;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Damaged files end in a picture or a typed refusal: no crash, no other exception, no file that takes for ever, no memory
 * beyond a small heap. A few hundred files per format run with every build; more, and from another seed, with
 *
 * <pre>
 * mvn -pl internvl-video -am -Dtest=FuzzTest -Dsurefire.failIfNoSpecifiedTests=false \
 *     -Dinternvl.fuzz=20000 -Dinternvl.fuzz.seed=1 -Dinternvl.fuzz.patience=5000 -Dinternvl.fuzz.findings=FOLDER test
 * </pre>
 *
 * which writes a line for each format, and keeps what it finds in the folder.
 */
@Tag("any-jdk")
class FuzzTest {
    private static final Path PICTURES = Path.of("../internvl-vision/src/test/resources/images");
    private static final Path ANIMATIONS = Path.of("../internvl-vision/src/test/resources/animations");
    private static final Path UNSUPPORTED = Path.of("../internvl-vision/src/test/resources/unsupported");
    private static final Path HEIF = Path.of("src/test/resources/heif");
    private static final Map<String, List<String>> CODECS = Map.of(
            ".mp4", List.of("mpeg4", "libopenh264", "libaom-av1"),
            ".mkv", List.of("mpeg4", "libopenh264", "libvpx-vp9"),
            ".avi", List.of("mpeg4", "libopenh264"));

    private static final int ODD_PRIME = 7919;

    private final int count = Integer.getInteger("internvl.fuzz", 0);
    private final long seed = Long.getLong("internvl.fuzz.seed", 1);
    private final long patience = Long.getLong("internvl.fuzz.patience", 120_000);

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "jpeg, .jpg, 400",
        "png, .png, 400",
        "gif, .gif, 400",
        "bmp, .bmp, 400",
        "tiff, .tif, 400",
        "webp, .webp, 400",
        "avif, .avif, 60",
        "heic, .heic, 60",
        "video-gif, .gif, 200",
        "video-webp, .webp, 200",
        "video-mp4, .mp4, 40",
        "video-mkv, .mkv, 40",
        "video-avi, .avi, 40",
    })
    void damagedFilesEndInAPictureOrATypedRefusal(String format, String ending, int few, @TempDir Path temporary)
            throws IOException, InterruptedException {
        Path samples = Files.createDirectory(temporary.resolve(format));
        if (CODECS.containsKey(ending)) {
            for (String codec : CODECS.get(ending)) {
                Clip.of(codec).withFrames(8).write(samples.resolve(codec + ending));
            }
        }
        for (Path folder : format.startsWith("video") ? List.of(ANIMATIONS) : List.of(PICTURES, UNSUPPORTED, HEIF)) {
            copy(folder, ending, samples);
        }
        String folder = System.getProperty("internvl.fuzz.findings");
        Path findings = Files.createDirectories(
                (folder == null ? temporary.resolve("findings") : Path.of(folder)).resolve(format));
        String said = run(samples, findings, count > 0 ? count : few);
        if (count > 0) {
            System.out.println(format + ": " + said);
        }
        assertThat(said).matches("(?s)\\d+ files; \\{([A-Z_]+=\\d+, )*decoded=\\d+}; slowest .* MiB\n");
    }

    private static void copy(Path folder, String ending, Path target) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(name -> name.toString().endsWith(ending)).toList()) {
                Files.copy(file, target.resolve(String.valueOf(file.getFileName())));
            }
        }
    }

    private String run(Path samples, Path findings, int files) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (Runtime.version().feature() >= 24) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of("-Xmx160m", "-XX:+UseSerialGC", "-XX:-OmitStackTraceInFastThrow"));
        command.addAll(List.of("-XX:ErrorFile=" + findings.resolve("crash.log"), "-Djava.awt.headless=true"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), FuzzRun.class.getName()));
        command.addAll(List.of(Long.toString(seed), Long.toString(seed * ODD_PRIME), Integer.toString(files)));
        command.addAll(List.of(Long.toString(patience), samples.toString(), findings.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }
}
