package io.github.internvl.vision.codec;

import io.github.internvl.vision.spi.MediaException;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** The decoders of the optional artifact {@code internvl-video}, found as services. */
final class OptionalDecoder {
    private static final String ARTIFACT = "io.github.internvl:internvl-video";

    private OptionalDecoder() {}

    /**
     * Finds the decoder.
     *
     * @param provider name of the artifact's class, which tells a missing artifact from a missing service entry
     * @param failure makes the exception from the value found, with its remedy, and the cause
     */
    static <D> D find(
            Class<D> service, String provider, BiFunction<String, @Nullable Throwable, MediaException> failure) {
        try {
            return ServiceLoader.load(service, OptionalDecoder.class.getClassLoader())
                    .findFirst()
                    .orElseThrow(() -> failure.apply(missing(service, provider), null));
        } catch (ServiceConfigurationError e) {
            throw failure.apply(
                    "the one on the class path cannot be used (" + e.getMessage() + "); bring the artifacts of "
                            + ARTIFACT + " to one version",
                    e);
        }
    }

    /** Why no decoder is found. A jar that merges others may contain its class without its service entry. */
    private static String missing(Class<?> service, String provider) {
        ClassLoader own = OptionalDecoder.class.getClassLoader();
        return own != null && own.getResource("io/github/internvl/video/" + provider + ".class") != null
                ? ARTIFACT + " is on the class path without its file META-INF/services/" + service.getName()
                        + "; merge the services of all jars (Maven's shade plugin: ServicesResourceTransformer)"
                : "none is on the class path; add the artifact " + ARTIFACT;
    }
}
