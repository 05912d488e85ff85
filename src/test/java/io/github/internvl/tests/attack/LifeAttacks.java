package io.github.internvl.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Attacks on the beginning and the end of a server: options that are wrong, and SIGTERM at bad moments. */
final class LifeAttacks {
    private static final String GROUP = "life";
    private static final Setup DRAINED = Setup.PLAIN.with("drained", "--drain", "3");

    private LifeAttacks() {}

    static List<Attack> all(Path folder) throws IOException {
        Path bom =
                Files.write(folder.resolve("bom.txt"), "\ufeffalpha\r\nbeta\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        Path lines = Files.write(folder.resolve("keys.txt"), "alpha\r\nbeta\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        Path empty = Files.write(folder.resolve("empty.txt"), new byte[0]);
        List<Attack> all = new ArrayList<>();
        all.add(start("--api-key-file", folder.resolve("none.txt").toString()));
        all.add(start("--api-key-file", empty.toString()));
        all.add(start("--tls-cert", lines.toString(), "--tls-key", lines.toString()));
        all.add(start("--allow-host", "*"));
        all.add(start("--host", "256.1.1.1"));
        all.add(start("--max-requests", "0"));
        all.add(start("--timeout", "-1"));
        all.add(start("--max-body", "99999"));
        all.add(start("--requests-per-minute", "-1"));
        all.add(keys("a key file of Windows", lines));
        all.add(keys("a key file with a byte order mark", bom));
        all.add(end(
                "SIGTERM while a stream is answered",
                Bodies.ask("Why?", "\"stream\": true", "\"ignore_eos\": true", "\"max_tokens\": 200"),
                0));
        all.add(end("SIGTERM with 100 bodies half sent", "{", 100_000));
        String all1 = "{\"allOf\": [{\"$ref\": \"#/$defs/d%1$d\"}, {\"$ref\": \"#/$defs/d%1$d\"}]}";
        all.add(end(
                "SIGTERM while a format compiles",
                Bodies.schema("{\"$defs\": {"
                        + Bodies.joined(60, ", ", i -> "\"d" + i + "\": " + all1.formatted(i + 1))
                        + ", \"d60\": {\"type\": \"object\"}}, \"$ref\": \"#/$defs/d0\"}"),
                0));
        return all;
    }

    /** A start that must be refused with a message, not a stack trace. */
    private static Attack start(String... arguments) {
        return Attack.trial(
                        GROUP,
                        "start with " + arguments[0] + " "
                                + Path.of(arguments[1]).getFileName(),
                        Setup.PLAIN,
                        victim -> {
                            Process process = command(arguments).start();
                            String told = read(process);
                            assertThat(process.waitFor()).as(told).isNotZero();
                            assertThat(told).isNotBlank().doesNotContain("\tat ");
                        })
                .slow();
    }

    private static ProcessBuilder command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "io.github.internvl.cli.Main",
                "serve",
                "--port",
                "0"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    /** Output of a process until it ends, or until it answers requests, which ends it. */
    private static String read(Process process) throws IOException, InterruptedException {
        StringBuilder told = new StringBuilder();
        try (InputStream in = process.getInputStream()) {
            byte[] block = new byte[4096];
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                told.append(new String(block, 0, read, StandardCharsets.UTF_8));
                if (told.indexOf(" at http") >= 0) {
                    process.destroyForcibly();
                    process.waitFor(60, TimeUnit.SECONDS);
                    throw new AssertionError("the server has started: " + told);
                }
            }
        }
        return told.toString();
    }

    /** Keys of the file let in, an empty one does not; or the start is refused with the reason. */
    private static Attack keys(String name, Path file) {
        return Attack.trial(GROUP, name, Setup.PLAIN, victim -> {
                    Setup setup = Setup.PLAIN.with(name, "--api-key-file", file.toString());
                    try (ServerProcess process = ServerProcess.start(setup, io.github.internvl.demo.DemoModel.path())) {
                        Victim other = new Victim(process, setup);
                        assertThat(other.get("/v1/models", "Authorization", "Bearer alpha")
                                        .status())
                                .isEqualTo(200);
                        assertThat(other.get("/v1/models", "Authorization", "Bearer beta")
                                        .status())
                                .isEqualTo(200);
                        assertThat(other.get("/v1/models").status()).isEqualTo(401);
                    } catch (IllegalStateException refused) {
                        assertThat(refused)
                                .hasMessageContaining("byte order mark")
                                .hasMessageNotContaining("\tat ");
                    }
                })
                .slow();
    }

    /** A server that is told to end while requests are inside ends after its patience. */
    private static Attack end(String name, String body, int announced) {
        return Attack.trial(GROUP, name, DRAINED, victim -> {
                    List<Socket> sockets = new ArrayList<>();
                    int count = announced > 0 ? 100 : 1;
                    int length = announced > 0 ? announced : body.length();
                    for (int i = 0; i < count; i++) {
                        sockets.add(victim.open(SlowAttacks.request(Victim.CHAT, length, body)));
                    }
                    Thread.sleep(500);
                    boolean ended = victim.process().endsWithin(30);
                    if (body.contains("\"stream\"")) {
                        String read =
                                new String(sockets.get(0).getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                        assertThat(read).contains("data: [DONE]");
                    }
                    for (Socket socket : sockets) {
                        socket.close();
                    }
                    assertThat(ended).as("whether the process has ended").isTrue();
                })
                .slow();
    }
}
