package io.github.internvl.tests.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.fixtures.Checkout;
import io.github.internvl.fixtures.TinyCheckpoint;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A folder of conformance goldens: checkpoints, pictures, and what the reference answered. The project's own always
 * count; those of the folders that the system property {@code internvl.goldens} names count too, where they have a
 * subfolder {@code conformance}.
 *
 * @param name what reports call it
 * @param folder variants, {@code images}, and tables that belong to no variant
 */
record Goldens(String name, Path folder) {
    /** Where the conformance tests compute: {@code cpu}, or what the system property {@code internvl.device} says. */
    static final String DEVICE = System.getProperty("internvl.device", "cpu");

    private static final String PROPERTY = "internvl.goldens";

    /** All folders there are. */
    static List<Goldens> all() {
        List<Goldens> all = new ArrayList<>();
        all.add(new Goldens("own", TinyCheckpoint.goldens()));
        for (Path root : given()) {
            if (Files.isDirectory(root.resolve("conformance"))) {
                all.add(new Goldens(String.valueOf(root.getFileName()), root.resolve("conformance")));
            }
        }
        return all;
    }

    /** A part of the given folders, such as {@code preprocess}: that of the first one that has it. Skips the test without one. */
    static Path part(String name) {
        return given().stream()
                .map(root -> root.resolve(name))
                .filter(Files::isDirectory)
                .findFirst()
                .orElseGet(() -> Assumptions.abort("no folder " + name + " in " + PROPERTY + ": -D" + PROPERTY
                        + "=FOLDER runs the reference goldens"));
    }

    /** The folders of the system property, which the path separator divides. */
    private static List<Path> given() {
        return Stream.of(System.getProperty(PROPERTY, "").split(File.pathSeparator))
                .filter(given -> !given.isBlank())
                .map(Goldens::root)
                .toList();
    }

    private static Path root(String given) {
        Path root = Checkout.ROOT.resolve(given).normalize();
        if (!Files.isDirectory(root)) {
            throw new IllegalStateException(PROPERTY + " must name a folder: " + given);
        }
        return root;
    }

    /** The variants: subfolders with a golden.json, by name; then those of cases beside the folder. */
    List<GoldenVariant> variants() {
        List<GoldenVariant> own = ownVariants();
        return Stream.concat(own.stream().flatMap(GoldenVariant::readings), CaseVariants.of(this, own).stream())
                .toList();
    }

    private List<GoldenVariant> ownVariants() {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> Files.exists(entry.resolve("golden.json")))
                    .sorted()
                    .map(entry -> GoldenVariant.read(this, entry))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonObject json(Path file) {
        try {
            return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static int[] ints(JsonElement array) {
        return array.getAsJsonArray().asList().stream()
                .mapToInt(JsonElement::getAsInt)
                .toArray();
    }

    static List<String> strings(JsonElement array) {
        return array.getAsJsonArray().asList().stream()
                .map(JsonElement::getAsString)
                .toList();
    }

    /** Fails where two lists of ids differ, with the first place where they do. */
    static void compareIds(String what, int[] expected, int[] found) {
        int at = Arrays.mismatch(expected, found);
        if (at >= 0) {
            throw new AssertionError(what + "[" + at + "]: expected " + idAt(expected, at) + ", found "
                    + idAt(found, at) + " (expected " + Arrays.toString(expected) + ", found " + Arrays.toString(found)
                    + ")");
        }
    }

    private static String idAt(int[] ids, int at) {
        return at < ids.length ? Integer.toString(ids[at]) : "the end";
    }

    /** Whether the key is there and not null. */
    static boolean has(JsonObject object, String key) {
        JsonElement value = object.get(key);
        return value != null && !value.isJsonNull();
    }
}
