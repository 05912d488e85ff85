package io.github.internvl.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What an example works on.
 *
 * @param model folder of the checkpoint
 * @param pictures picture files, at least one
 */
record Inputs(Path model, List<Path> pictures) {
    private static final String MODEL = "models/internvl-demo";
    private static final List<String> PICTURES =
            List.of("models/samples", "src/test/resources/goldens/conformance/images");

    /** Takes pictures from the arguments, or else the checkout's own. */
    static Inputs of(String... args) throws IOException {
        String named = System.getProperty("internvl.model", "");
        Path model = named.isEmpty() ? inCheckout(MODEL).orElse(Path.of(MODEL)) : Path.of(named);
        return new Inputs(
                model, args.length > 0 ? Arrays.stream(args).map(Path::of).toList() : samples());
    }

    /** The picture at a place, or the last where there are fewer. */
    Path picture(int place) {
        return pictures.get(Math.min(place, pictures.size() - 1));
    }

    private static List<Path> samples() throws IOException {
        for (String folder : PICTURES) {
            try (Stream<Path> files = Files.list(inCheckout(folder).orElse(Path.of("")))) {
                List<Path> found = files.filter(f -> f.toString().endsWith(".png"))
                        .sorted()
                        .toList();
                if (!found.isEmpty()) {
                    return found;
                }
            }
        }
        throw new IOException("no pictures here; give the files of some as arguments");
    }

    private static Optional<Path> inCheckout(String name) {
        return Stream.iterate(Path.of("").toAbsolutePath(), folder -> folder != null, Path::getParent)
                .map(folder -> folder.resolve(name))
                .filter(Files::exists)
                .findFirst();
    }
}
