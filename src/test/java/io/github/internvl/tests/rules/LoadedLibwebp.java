package io.github.internvl.tests.rules;

import com.sun.jna.NativeLibrary;
import io.github.internvl.fixtures.Checkout;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A JVM that decodes a WebP, and then asks the native library that this unpacked and loaded for its version. */
final class LoadedLibwebp {
    private static final String UNPACKED_TO = "com.luciad.imageio.webp.tmpdir";
    private static final Path PICTURE =
            Checkout.ROOT.resolve("internvl-vision/src/test/resources/images/lossless.webp");

    private LoadedLibwebp() {}

    /** Prints the version, or the message of the refusal. */
    public static void main(String[] args) throws IOException {
        try {
            Image.open(PICTURE);
        } catch (IllegalArgumentException e) {
            System.out.println(e.getMessage());
            return;
        }
        try (Stream<Path> files = Files.list(Path.of(System.getProperty(UNPACKED_TO)))) {
            Path library = files.filter(file -> !file.toString().endsWith(".lck"))
                    .findFirst()
                    .orElseThrow();
            int version = NativeLibrary.getInstance(library.toString())
                    .getFunction("WebPGetDecoderVersion")
                    .invokeInt(new Object[0]);
            System.out.println((version >> 16) + "." + (version >> 8 & 0xff) + "." + (version & 0xff));
        }
    }

    /** Output of such a JVM, with its library unpacked to a folder. */
    static String output(Path folder) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (Runtime.version().feature() >= 24) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of("-Djava.awt.headless=true", "-D" + UNPACKED_TO + "=" + folder));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), LoadedLibwebp.class.getName()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output.strip();
    }
}
