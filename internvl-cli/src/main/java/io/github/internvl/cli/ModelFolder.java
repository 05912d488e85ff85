package io.github.internvl.cli;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * The checkpoint of a command, a folder or a hub id: the one given, or else the one in the system property {@code internvl.model}
 * or the environment variable {@code INTERNVL_MODEL}, or else the demo model beside the program.
 */
final class ModelFolder {
    private static final String DEMO = "models/internvl-demo";

    private ModelFolder() {}

    /** The folder or hub id; {@code how} names the argument for the error message if there is none. */
    static String named(@Nullable String given, String how, CommandLine command) {
        if (given != null) {
            return given;
        }
        return Stream.of(
                        System.getProperty("internvl.model", ""),
                        System.getenv().getOrDefault("INTERNVL_MODEL", ""))
                .filter(name -> !name.isEmpty())
                .findFirst()
                .or(() -> program().flatMap(ModelFolder::demoAbove).map(Path::toString))
                .orElseThrow(() -> new ParameterException(
                        command,
                        "no model is given: set " + how
                                + " to the folder of an InternVL checkpoint or to its name, or set INTERNVL_MODEL"));
    }

    /** The demo model in the nearest folder at or above a path that has one. */
    static Optional<Path> demoAbove(Path place) {
        return Stream.iterate(place.toAbsolutePath(), folder -> folder != null, Path::getParent)
                .map(folder -> folder.resolve(DEMO))
                .filter(demo -> Files.exists(demo.resolve("config.json")))
                .findFirst();
    }

    private static Optional<Path> program() {
        CodeSource source = ModelFolder.class.getProtectionDomain().getCodeSource();
        try {
            return source == null
                    ? Optional.empty()
                    : Optional.of(Path.of(source.getLocation().toURI()));
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }
}
