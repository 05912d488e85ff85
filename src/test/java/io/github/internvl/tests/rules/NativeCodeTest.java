package io.github.internvl.tests.rules;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Native;
import io.github.internvl.fixtures.Checkout;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Properties;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The native code that is loaded, asked for its version, is what SECURITY.md says. */
class NativeCodeTest {
    /** The first libwebp without CVE-2023-4863. */
    private static final Version FIXED_LIBWEBP = Version.parse("1.3.2");

    private final String security = Checkout.read(Checkout.ROOT.resolve("SECURITY.md"));

    @Test
    void decodesWebpWithALibwebpThatHasItsHolesClosed(@TempDir Path folder) throws IOException, InterruptedException {
        String version = LoadedLibwebp.output(folder);
        assertThat(Version.parse(version)).isGreaterThanOrEqualTo(FIXED_LIBWEBP);
        assertThat(security).contains("| libwebp | " + version + " |");
    }

    @Test
    void decodesVideosWithTheFfmpegOfTheTable() {
        Loader.load(avutil.class);
        assertThat(security).contains("| FFmpeg | " + avutil.av_version_info().getString() + " |");
        assertThat(security).contains("| JavaCPP | " + Loader.class.getPackage().getImplementationVersion() + " |");
    }

    @Test
    void loadsTheOtherLibrariesOfTheTable() throws IOException {
        Properties tokenizers = new Properties();
        try (InputStream in = Objects.requireNonNull(
                getClass().getResourceAsStream("/native/lib/tokenizers.properties"), "tokenizers.properties")) {
            tokenizers.load(in);
        }
        assertThat(security).contains("| tokenizers (Rust) | " + tokenizers.getProperty("version") + " |");
        assertThat(security).contains("| JNA | " + Native.VERSION + " |");
    }

    @Test
    void namesTheFolderThatTheLibraryCannotBeUnpackedTo(@TempDir Path folder) throws IOException, InterruptedException {
        Path missing = folder.resolve("missing");
        assertThat(LoadedLibwebp.output(missing))
                .contains("lossless.webp: WebP needs a native library", " from " + missing + " (")
                .endsWith("with -Dcom.luciad.imageio.webp.tmpdir=FOLDER, or convert it to PNG");
    }
}
