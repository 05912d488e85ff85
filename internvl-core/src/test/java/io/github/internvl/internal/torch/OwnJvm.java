package io.github.internvl.internal.torch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.Engine;
import ai.djl.util.Utils;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.InternVLException;
import io.github.internvl.hub.DownloadException;
import io.github.internvl.hub.Hub;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A Java virtual machine of its own, that loads a checkpoint in one of these ways and prints what it hears. */
public enum OwnJvm {
    /** As any program. */
    PLAIN,
    /** By its id from the hub's cache in that folder; and by the id of a model that the hub at {@code endpoint} does not have. */
    BY_ID,
    /** On a thread whose context class loader knows nothing. */
    STRANGE_CONTEXT,
    /** From a jar that has lost what is below META-INF/services. */
    NO_SERVICES,
    /** From a jar that has lost the properties files of DJL. */
    NO_PROPERTIES,
    /** From files that are emptied once their weights have been copied. */
    COPIED,
    /** Several times, after the caller has used DJL itself; and says whether DJL's cache was written to later. */
    AGAIN,
    /** By two class loaders, each while the other's model is open, and again. */
    TWO_LOADERS;

    String run(Path checkpoint, String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx256m");
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath(), OwnJvm.class.getName(), name(), checkpoint.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        return printed;
    }

    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    public static void main(String[] args) throws Exception {
        Path checkpoint = Path.of(args[1]);
        switch (valueOf(args[0])) {
            case PLAIN -> print(checkpoint);
            case BY_ID -> {
                Hub.Builder hub = Hub.builder().cache(checkpoint);
                print(InternVL.builder("OpenGVLab/InternVL2_5-1B")
                        .hub(hub.offline(true).build()));
                URI endpoint = URI.create(System.getProperty("endpoint"));
                print(InternVL.builder("OpenGVLab/InternVL2_5-2B")
                        .hub(hub.offline(false).endpoint(endpoint).build()));
            }
            case STRANGE_CONTEXT -> {
                Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
                print(checkpoint);
            }
            case NO_SERVICES -> answer(new Application("META-INF/services"), checkpoint);
            case NO_PROPERTIES -> answer(new Application("native/lib/", "pytorch-engine.properties"), checkpoint);
            case AGAIN -> again(checkpoint);
            case COPIED -> copied(checkpoint);
            case TWO_LOADERS -> {
                Application one = new Application();
                Application two = new Application();
                for (Application each : List.of(one, two, one, two)) {
                    answer(each, checkpoint);
                }
            }
        }
        System.exit(0);
    }

    private static void copied(Path checkpoint) throws IOException {
        InternVL model = InternVL.builder(checkpoint).copyWeights(true).load();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(checkpoint, "*.safetensors")) {
            for (Path file : files) {
                Files.write(file, new byte[0]);
                System.out.println("emptied " + file);
            }
        }
        System.out.println("answered " + !model.chat("Hello.").text().isEmpty());
    }

    private static void again(Path checkpoint) throws IOException {
        Engine.getEngine("PyTorch").getVersion();
        print(checkpoint);
        for (String part : List.of("pytorch", "tokenizers")) {
            Path cache = Utils.getEngineCacheDir(part);
            FileTime before = Files.getLastModifiedTime(cache);
            print(checkpoint);
            System.out.println(
                    part + " written " + !Files.getLastModifiedTime(cache).equals(before));
        }
    }

    /** Answers, keeping the model open; what fails is printed as its type and message. */
    public static void print(Path checkpoint) {
        print(InternVL.builder(checkpoint));
    }

    private static void print(InternVLBuilder settings) {
        try {
            InternVL model = settings.load();
            System.out.println("answered " + !model.chat("Hello.").text().isEmpty());
        } catch (InternVLException | DownloadException e) {
            System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }

    private static void answer(Application application, Path checkpoint) throws ReflectiveOperationException {
        Thread.currentThread().setContextClassLoader(application);
        try {
            application
                    .loadClass(OwnJvm.class.getName())
                    .getMethod("print", Path.class)
                    .invoke(null, checkpoint);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** A class loader that shares nothing with others but the JDK. */
    private static final class Application extends URLClassLoader {
        private final List<String> lost;

        /** Without what is named so in its jars. */
        Application(String... lost) throws IOException {
            super(urls(), ClassLoader.getPlatformClassLoader());
            this.lost = List.of(lost);
        }

        private static URL[] urls() throws IOException {
            List<URL> urls = new ArrayList<>();
            for (String entry : System.getProperty("java.class.path").split(System.getProperty("path.separator"), -1)) {
                urls.add(Path.of(entry).toUri().toURL());
            }
            return urls.toArray(URL[]::new);
        }

        @Override
        public @Nullable URL findResource(String name) {
            return isThere(name) ? super.findResource(name) : null;
        }

        @Override
        public Enumeration<URL> findResources(String name) throws IOException {
            return isThere(name) ? super.findResources(name) : Collections.emptyEnumeration();
        }

        private boolean isThere(String name) {
            return lost.stream().noneMatch(name::startsWith);
        }
    }
}
