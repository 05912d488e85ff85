package io.github.internvl;

import java.util.stream.Stream;

/** The modules of the JDK that a model needs, all of which a full JDK has; an image that jlink made may lack some. */
final class JdkModules {
    private JdkModules() {}

    /** Refuses to go on without a module; else a class would not be found somewhere on the way. */
    static void require(String thing, String... names) {
        String missing = String.join(
                " and ",
                Stream.of(names)
                        .filter(name -> ModuleLayer.boot().findModule(name).isEmpty())
                        .toList());
        if (!missing.isEmpty()) {
            throw new InternVLException(thing + " needs the modules " + String.join(", ", names)
                    + " of the JDK: this Java, " + System.getProperty("java.home") + ", has no " + missing
                    + "; add it to jlink's --add-modules");
        }
    }
}
