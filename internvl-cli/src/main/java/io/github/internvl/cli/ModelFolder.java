package io.github.internvl.cli;

import io.github.internvl.ModelInfo;
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
    private static final String LIMITS =
            "it knows drawn pictures only: shapes, charts, short words, numbers and clips. For"
                    + " photographs name a published model, such as OpenGVLab/InternVL2_5-1B";

    private ModelFolder() {}

    /** The folder or hub id; {@code how} names the argument for the error message if there is none. */
    static String named(@Nullable String given, String how, CommandLine command) {
        if (given != null) {
            return given;
        }
        return ofEnvironment()
                .or(() -> program().flatMap(ModelFolder::demoAbove).map(Path::toString))
                .orElseThrow(() -> new ParameterException(
                        command,
                        "no model is given: set " + how
                                + " to the folder of an InternVL checkpoint or to its name, or set INTERNVL_MODEL"));
    }

    /** Whether a model was named, as an argument or in the environment. */
    static boolean isNamed(@Nullable String given) {
        return given != null || ofEnvironment().isPresent();
    }

    private static Optional<String> ofEnvironment() {
        return Stream.of(
                        System.getProperty("internvl.model", ""),
                        System.getenv().getOrDefault("INTERNVL_MODEL", ""))
                .filter(name -> !name.isEmpty())
                .findFirst();
    }

    /** The model that answers, in words; of the demo model its limits too. */
    static String answering(ModelInfo model) {
        return isDemo(model) ? "internvl: the demo model answers; " + LIMITS : "internvl: " + model.name() + " answers";
    }

    /** The limits of the demo model, where a model is that. */
    static Optional<String> limits(ModelInfo model) {
        return isDemo(model) ? Optional.of("internvl: this is the demo model; " + LIMITS) : Optional.empty();
    }

    private static boolean isDemo(ModelInfo model) {
        return Path.of(model.source()).endsWith("internvl-demo");
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
