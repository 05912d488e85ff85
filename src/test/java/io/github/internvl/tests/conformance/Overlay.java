package io.github.internvl.tests.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A variant's checkpoint with other files beside its weights, in a folder that is deleted at the end. */
final class Overlay {
    private final GoldenVariant base;
    private final Path folder;

    /**
     * Copies a variant.
     *
     * @param name the name of the new variant
     */
    Overlay(GoldenVariant base, String name) {
        this.base = base;
        try {
            Path root = Files.createTempDirectory("internvl-overlay");
            root.toFile().deleteOnExit();
            folder = made(root.resolve(name));
            made(folder.resolve("model"));
            copyAll(base.model(), folder.resolve("model"));
            copyAll(base.folder(), folder); // its goldens
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Leaves files of the checkpoint out. */
    Overlay without(String... names) {
        try {
            for (String name : names) {
                Files.delete(folder.resolve("model").resolve(name));
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Leaves all files of the checkpoint out. */
    Overlay withoutAny() {
        return without(files(folder.resolve("model")).stream()
                .map(file -> String.valueOf(file.getFileName()))
                .toArray(String[]::new));
    }

    /** Puts files into the checkpoint, by their names there. */
    Overlay with(Map<String, Path> files) {
        files.forEach((name, file) -> copy(file, folder.resolve("model").resolve(name)));
        return this;
    }

    /** Puts all files of a folder into the checkpoint. */
    Overlay with(Path files) {
        copyAll(files, folder.resolve("model"));
        return this;
    }

    /** The variant, with the goldens of the one that it was made from. */
    GoldenVariant variant() {
        return new GoldenVariant(base.goldens(), folder, base.answers(), base.json(), true);
    }

    private static void copyAll(Path from, Path to) {
        files(from).forEach(file -> copy(file, to.resolve(String.valueOf(file.getFileName()))));
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Path from, Path to) {
        try {
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
            to.toFile().setWritable(true);
            to.toFile().deleteOnExit();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path made(Path folder) throws IOException {
        Files.createDirectory(folder);
        folder.toFile().deleteOnExit();
        return folder;
    }
}
