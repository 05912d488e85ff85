package io.github.internvl.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a video or a WebP picture cannot be decoded for want of something, one sentence says of what. */
class SurroundingsTest {
    private static final String CLIP = "../models/samples/clip.mp4";
    private static final String WEBP = "../internvl-vision/src/test/resources/images/lossy.webp";
    private static final String PNG = "../models/samples/shapes.png";

    @TempDir
    Path folder;

    /** Opens a file in a virtual machine of its own, and prints what comes of it. */
    static final class Opening {
        private Opening() {}

        public static void main(String[] args) {
            try {
                boolean clip = args[0].endsWith(".mp4");
                System.out.println(
                        clip
                                ? "frames " + Video.open(Path.of(args[0])).frameCount()
                                : "width " + Image.open(Path.of(args[0])).width());
            } catch (IllegalArgumentException e) { // what both of them throw
                System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
            }
        }
    }

    @Test
    void namesWhatMustBeWritableForVideosAndWebp() throws Exception {
        Path none = Files.createFile(folder.resolve("none"));
        String[] options = {"-Djava.io.tmpdir=" + none, "-Duser.home=" + none};
        assertThat(open(CLIP, options))
                .startsWith("MediaException: " + CLIP)
                .contains("a folder that can be written, which " + none)
                .contains("set the system property org.bytedeco.javacpp.cachedir to one");
        assertThat(open(WEBP, options))
                .startsWith("MediaException: " + WEBP)
                .contains("WebP needs a native library")
                .contains(none.toString())
                .contains(
                        "a folder that can be written and executed from with -Dcom.luciad.imageio.webp.tmpdir=FOLDER");
        assertThat(open(PNG, options)).isEqualTo("width 448");
    }

    @Test
    void namesTheModuleThatPicturesNeed() throws Exception {
        assertThat(open(PNG, "--limit-modules", "java.base,java.logging"))
                .startsWith("MediaException: " + PNG)
                .contains("decoding pictures needs the module java.desktop of the JDK")
                .contains("add it to jlink's --add-modules");
    }

    @Test
    void saysThatServicesMustBeMerged() throws Exception {
        try (URLClassLoader shaded = new WithoutServices()) {
            Class<?> video = shaded.loadClass(Video.class.getName());
            assertThat(catchThrowable(() -> video.getMethod("open", Path.class).invoke(null, Path.of(CLIP))))
                    .rootCause()
                    .hasMessageContaining("internvl-video is on the class path without its file META-INF/services/"
                            + "io.github.internvl.vision.spi.VideoDecoder; merge the services of all jars");
        }
    }

    private static String open(String file, String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath(), Opening.class.getName(), file));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        return printed.lines().reduce("", (first, second) -> second);
    }

    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** The class path as one jar of which a build tool has lost the services. */
    private static final class WithoutServices extends URLClassLoader {
        WithoutServices() throws IOException {
            super(urls(), ClassLoader.getPlatformClassLoader());
        }

        private static URL[] urls() throws IOException {
            List<URL> urls = new ArrayList<>();
            for (String entry : classPath().split(System.getProperty("path.separator"), -1)) {
                urls.add(Path.of(entry).toUri().toURL());
            }
            return urls.toArray(URL[]::new);
        }

        @Override
        public @Nullable URL findResource(String name) {
            return name.startsWith("META-INF/services") ? null : super.findResource(name);
        }

        @Override
        public Enumeration<URL> findResources(String name) throws IOException {
            return name.startsWith("META-INF/services") ? Collections.emptyEnumeration() : super.findResources(name);
        }
    }
}
