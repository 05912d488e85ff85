package io.github.internvl.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Why the native tokenizer library does not load, and what to do. */
final class LibraryFailure {
    private LibraryFailure() {}

    static String cure(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (message.contains("already loaded in another classloader")) {
                return "one class loader of a process must load it, and another has (" + message
                        + "); put the jars of InternVL and DJL into the class loader that the applications share, or give"
                        + " each application a process of its own";
            }
            if (message.contains("failed to map segment") || message.contains("Operation not permitted")) {
                return "the file system of its folder must permit execution (" + message
                        + "); set DJL_CACHE_DIR to a folder that is not mounted noexec";
            }
        }
        try { // DJL logs why it cannot unpack, and then says nothing of it
            Path home = Files.createDirectories(home());
            Files.delete(Files.createTempFile(home, "tmp", "probe"));
        } catch (IOException e) {
            return "it must be unpacked into a folder that can be written (" + e
                    + "); set DJL_CACHE_DIR, as a variable of the environment or a system property, to such a folder";
        }
        return System.getProperty("os.name") + " " + System.getProperty("os.arch")
                + " is not one that DJL has it for, or it is damaged (" + failure.getMessage()
                + "); use Linux, macOS or Windows on x86-64 or aarch64, or delete its file so that it is unpacked again";
    }

    /** Where DJL unpacks it. */
    static Path home() {
        for (String name : List.of("ENGINE_CACHE_DIR", "DJL_CACHE_DIR")) {
            String folder = System.getenv(name) == null ? System.getProperty(name, "") : System.getenv(name);
            if (!folder.isEmpty()) {
                return Path.of(folder, "tokenizers");
            }
        }
        Path user = Path.of(System.getProperty("user.home"));
        Path base = Files.isWritable(user) ? user : Path.of(System.getProperty("java.io.tmpdir"));
        return base.resolve(".djl.ai").resolve("tokenizers");
    }
}
