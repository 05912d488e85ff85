package io.github.internvl.video;

import io.github.internvl.vision.Video;
import io.github.internvl.vision.spi.MediaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;

/** Opens files again and again in a JVM of its own, whose streams and memory nothing else uses. */
final class OwnProcess {
    private OwnProcess() {}

    /** How many megabytes the process grew by in the second half, a space, and how many openings failed. */
    public static void main(String[] args) {
        int rounds = Integer.parseInt(args[0]);
        List<Path> files = Stream.of(args).skip(1).map(Path::of).toList();
        open(files, rounds);
        long before = Pointer.physicalBytes();
        int failures = open(files, rounds);
        long growth = Math.max(0, Pointer.physicalBytes() - before);
        System.out.println((growth >> 20) + " " + failures);
    }

    private static int open(List<Path> files, int rounds) {
        int failures = 0;
        for (int i = 0; i < rounds; i++) {
            for (Path file : files) {
                try {
                    failures +=
                            Video.open(file).sample(Video.Sampling.frames(2)).size() == 2 ? 0 : 1;
                } catch (MediaException e) {
                    failures++;
                }
            }
        }
        return failures;
    }

    /** All that such a process writes, to either stream. */
    static String output(int rounds, List<Path> files) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (Runtime.version().feature() >= 24) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(List.of("-Xmx32m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(OwnProcess.class.getName(), Integer.toString(rounds)));
        files.forEach(file -> command.add(file.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(2, TimeUnit.MINUTES)) {
            process.destroyForcibly();
        }
        return output.strip();
    }
}
