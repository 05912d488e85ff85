package io.github.internvl.tests.attack;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code internvl serve} in a JVM of its own, on a free port of the loopback address. The one who starts it closes it, which
 * kills the process.
 */
final class ServerProcess implements AutoCloseable {
    private static final Pattern ADDRESS = Pattern.compile("serving \\S+ at (http://\\S+)");
    private static final Pattern USED = Pattern.compile("(?:heap|generation)\\s+total \\d+K, used (\\d+)K");
    private static final int START_SECONDS = 120;
    private static final int KIBIBYTE = 1024;

    private final Process process;
    private final Path log;
    private final URI uri;

    private ServerProcess(Process process, Path log) throws IOException, InterruptedException {
        this.process = process;
        this.log = log;
        this.uri = address();
    }

    /** Starts a server over a model and waits until it listens. */
    static ServerProcess start(Setup setup, Path model) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(setup.jvm());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.github.internvl.cli.Main", "serve"));
        command.addAll(List.of("--port", "0"));
        command.addAll(setup.arguments());
        command.add(model.toString());
        Path log = Files.createTempFile("internvl-attacked", ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(setup.environment());
        builder.environment().put("OMP_NUM_THREADS", "1");
        return new ServerProcess(builder.start(), log);
    }

    private URI address() throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (System.nanoTime() < end && process.isAlive()) {
            Matcher found = ADDRESS.matcher(log());
            if (found.find()) {
                return URI.create(found.group(1).endsWith("/") ? found.group(1) : found.group(1) + "/");
            }
            Thread.sleep(50);
        }
        String told = log();
        close();
        throw new IllegalStateException("the server did not start in " + START_SECONDS + " s: " + told);
    }

    URI uri() {
        return uri;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Asks the process to end, as SIGTERM does, and tells whether it has ended after so many seconds. */
    boolean endsWithin(int seconds) throws InterruptedException {
        process.destroy();
        return process.waitFor(seconds, TimeUnit.SECONDS);
    }

    /** Everything that the process has written. */
    String log() {
        try {
            return new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    /** Bytes of the heap in use after a collection, as {@code jcmd} tells them. */
    long heapBytes() throws IOException, InterruptedException {
        diagnosed("GC.run");
        long used = 0;
        for (Matcher found = USED.matcher(diagnosed("GC.heap_info")); found.find(); ) {
            used += Long.parseLong(found.group(1)) * KIBIBYTE;
        }
        return used;
    }

    private String diagnosed(String command) throws IOException, InterruptedException {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        Process asked = new ProcessBuilder(jcmd, Long.toString(process.pid()), command)
                .redirectErrorStream(true)
                .start();
        String told = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (asked.waitFor() != 0) {
            throw new IOException("jcmd " + command + " failed: " + told);
        }
        return told;
    }

    /** Resident bytes of the process; 0 where the system does not tell. */
    long residentBytes() throws IOException {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * KIBIBYTE)
                .findFirst()
                .orElse(0);
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try {
            process.waitFor(START_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Files.deleteIfExists(log);
    }
}
