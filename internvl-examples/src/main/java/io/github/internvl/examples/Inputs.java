package io.github.internvl.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The inputs of an example.
 *
 * @param model folder of the checkpoint
 * @param pictures picture files, at least one
 */
record Inputs(Path model, List<Path> pictures) {
    private static final String MODEL = "models/internvl-demo";
    private static final List<String> PICTURES =
            List.of("models/samples/shapes.png", "models/samples/shapes-changed.png");

    /** Takes pictures from the arguments, or else two of the checkout's samples. */
    static Inputs of(String... args) {
        String named = System.getProperty("internvl.model", "");
        return new Inputs(
                named.isEmpty() ? inCheckout(MODEL) : Path.of(named),
                args.length > 0
                        ? Arrays.stream(args).map(Path::of).toList()
                        : PICTURES.stream().map(Inputs::inCheckout).toList());
    }

    /** The picture at a place, or the last where there are fewer. */
    Path picture(int place) {
        return pictures.get(Math.min(place, pictures.size() - 1));
    }

    static Path inCheckout(String name) {
        return Stream.iterate(Path.of("").toAbsolutePath(), folder -> folder != null, Path::getParent)
                .map(folder -> folder.resolve(name))
                .filter(Files::exists)
                .findFirst()
                .orElse(Path.of(name));
    }
}
