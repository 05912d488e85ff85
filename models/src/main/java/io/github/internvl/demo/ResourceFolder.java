package io.github.internvl.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Resources beside this class as files in one folder. */
final class ResourceFolder {
    private static final int DIGITS = 16;

    private ResourceFolder() {}

    /** The folder itself where the class path has it, else a copy of the named files. */
    static Path of(String name, List<String> files) {
        URL first = resource(name, files.get(0));
        if (first.getProtocol().equals("file")) {
            return Path.of(uri(first)).resolveSibling("");
        }
        try {
            Map<String, byte[]> contents = new LinkedHashMap<>();
            for (String file : files) {
                contents.put(file, bytes(name, file));
            }
            return copy(name, contents);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "the demo model must be unpacked into a folder that can be written: " + e
                            + "; set the system property java.io.tmpdir to one",
                    e);
        }
    }

    /**
     * Writes the files that are not there as they should be. The folder is named after its user and contents; a file comes
     * whole, by a move. So processes may do this at the same time, and what a clean-up has taken comes back.
     */
    private static Path copy(String name, Map<String, byte[]> contents) throws IOException {
        String user = System.getProperty("user.name", "").replaceAll("\\W", "_");
        Path folder = Path.of(System.getProperty("java.io.tmpdir"))
                .toAbsolutePath()
                .resolve(name + "-" + user + "-" + digest(contents));
        Files.createDirectories(folder);
        for (Map.Entry<String, byte[]> file : contents.entrySet()) {
            Path target = folder.resolve(file.getKey());
            if (!holds(target, file.getValue())) {
                Path part = Files.createTempFile(folder, file.getKey(), ".part");
                try {
                    Files.write(part, file.getValue());
                    move(part, target, file.getValue());
                } finally {
                    Files.deleteIfExists(part);
                }
            }
        }
        return folder;
    }

    /** Moves unless another process was faster: Windows does not replace a file that one has open. */
    private static void move(Path part, Path target, byte[] content) throws IOException {
        try {
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            if (!holds(target, content)) {
                throw e;
            }
        }
    }

    private static boolean holds(Path file, byte[] content) throws IOException {
        try {
            return Files.size(file) == content.length && Arrays.equals(Files.readAllBytes(file), content);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static String digest(Map<String, byte[]> contents) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            contents.values().forEach(digest::update);
            return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static byte[] bytes(String folder, String file) throws IOException {
        try (InputStream stream = resource(folder, file).openStream()) {
            return stream.readAllBytes();
        }
    }

    private static URL resource(String folder, String file) {
        URL found = ResourceFolder.class.getResource(folder + "/" + file);
        if (found == null) {
            throw new IllegalStateException(folder + "/" + file + " is not beside " + ResourceFolder.class.getName()
                    + "; build internvl-demo anew");
        }
        return found;
    }

    private static URI uri(URL url) {
        try {
            return url.toURI();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(url + " is no URI", e);
        }
    }
}
