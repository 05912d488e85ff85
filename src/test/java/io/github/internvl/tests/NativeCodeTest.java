package io.github.internvl.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Path;
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
    void namesTheFolderThatTheLibraryCannotBeUnpackedTo(@TempDir Path folder) throws IOException, InterruptedException {
        Path missing = folder.resolve("missing");
        assertThat(LoadedLibwebp.output(missing))
                .contains("lossless.webp: WebP needs a native library", " from " + missing + " (")
                .endsWith("with -Dcom.luciad.imageio.webp.tmpdir=FOLDER, or convert it to PNG");
    }
}
