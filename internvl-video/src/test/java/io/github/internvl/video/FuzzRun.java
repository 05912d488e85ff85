package io.github.internvl.video;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import io.github.internvl.vision.spi.MediaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Decodes mutated files in a JVM of its own, which a decoder in C may bring down. Every finding is written as a file into a
 * folder; the number of the present file stands in another, for the case that nothing else can be said any more.
 */
final class FuzzRun {
    private static final int MEBIBYTE = 1 << 20;
    private static final int MOST_PIXELS = 4 * MEBIBYTE;
    private static final Image.Options PICTURE = Image.Options.defaults().withMaxPixels(MOST_PIXELS);
    private static final Video.Options VIDEO =
            new Video.Options(MEBIBYTE, MOST_PIXELS, MOST_PIXELS, Duration.ofSeconds(4));
    private static final Video.Sampling SOME = Video.Sampling.frames(3);

    private final Mutations mutations;
    private final boolean video;
    private final Path findings;
    private final long patienceMillis;
    private final Map<String, Integer> outcomes = new TreeMap<>();
    private volatile int present;
    private volatile long begun = System.nanoTime();

    private FuzzRun(Mutations mutations, boolean video, Path findings, long patienceMillis) {
        this.mutations = mutations;
        this.video = video;
        this.findings = findings;
        this.patienceMillis = patienceMillis;
    }

    /** Seed, first number, count, patience in milliseconds, folder of samples, folder for findings. Prints a line. */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[4]);
        Mutations mutations = new Mutations(samples(folder), Long.parseLong(args[0]));
        boolean video = String.valueOf(folder.getFileName()).startsWith("video");
        FuzzRun run = new FuzzRun(mutations, video, Path.of(args[5]), Long.parseLong(args[3]));
        run.outcome(mutations.samples().get(0)); // loads what has to be loaded, in its own time
        run.begun = System.nanoTime();
        Thread watch = new Thread(run::watch);
        watch.setDaemon(true);
        watch.start();
        int first = Integer.parseInt(args[1]);
        System.out.println(run.decodeAll(first, first + Integer.parseInt(args[2])));
    }

    private static List<byte[]> samples(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().map(FuzzRun::read).toList();
        }
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String decodeAll(int first, int end) throws IOException {
        long slowest = 0;
        int slow = first;
        try (FileChannel number =
                FileChannel.open(findings.resolve("present"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (int i = first; i < end; i++) {
                number.write(ByteBuffer.allocate(4).putInt(i).flip(), 0);
                byte[] file = mutations.file(i);
                present = i;
                begun = System.nanoTime();
                String outcome = outcome(file);
                long time = System.nanoTime() - begun;
                slow = time > slowest ? i : slow;
                slowest = Math.max(slowest, time);
                outcomes.merge(outcome, 1, Integer::sum);
                if (outcome.contains(".")) {
                    Files.write(findings.resolve(i + "-" + outcome), file);
                }
            }
        }
        return (end - first) + " files; " + outcomes + "; slowest " + slowest / 1_000_000 + " ms (" + slow
                + "); most memory " + peakMebibytes() + " MiB";
    }

    /** {@code decoded}, the reason of a refusal, or the name of an exception, which has dots. */
    private String outcome(byte[] file) {
        try {
            if (video) {
                Video.of(file, VIDEO).sample(SOME);
            } else {
                Image.of(file, PICTURE);
            }
            return "decoded";
        } catch (MediaException e) {
            return e.reason().toString();
        } catch (RuntimeException | Error e) {
            e.printStackTrace();
            return e.getClass().getName();
        }
    }

    private void watch() {
        while (true) {
            try {
                Thread.sleep(100);
            } catch (InterruptedException e) {
                return;
            }
            int number = present;
            if (System.nanoTime() - begun > patienceMillis * 1_000_000 && number == present) {
                Thread.getAllStackTraces()
                        .forEach((thread, frames) -> System.out.println(thread.getName() + " " + List.of(frames)));
                System.out.println("file " + number + " hangs");
                Runtime.getRuntime().halt(3);
            }
        }
    }

    private static String peakMebibytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return "?";
        }
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith("VmHWM"))
                    .map(line -> Long.toString(Long.parseLong(line.replaceAll("\\D", "")) / 1024))
                    .findFirst()
                    .orElse("?");
        }
    }
}
