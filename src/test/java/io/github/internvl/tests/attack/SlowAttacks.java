package io.github.internvl.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** Attacks by clients that are slow, silent, or gone, and by a full house. */
final class SlowAttacks {
    private static final String GROUP = "slow";
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final int MOST_TOKENS = 3900;
    private static final String GENERATED = "internvl_tokens_generated_total";
    private static final String ENDLESS = Bodies.ask("Why?", "\"ignore_eos\": true", "\"max_tokens\": " + MOST_TOKENS);

    private SlowAttacks() {}

    static List<Attack> all() {
        List<Attack> all = new ArrayList<>(List.of(
                Attack.trial(GROUP, "500 idle connections", Setup.PLAIN, victim -> idle(victim, 500)),
                Attack.trial(GROUP, "2,000 idle connections", Setup.PLAIN, victim -> idle(victim, 2000))
                        .slow(),
                Attack.trial(GROUP, "200 clients with slow headers", Setup.PLAIN, SlowAttacks::slowHeaders),
                Attack.trial(GROUP, "256 clients with slow bodies", Setup.PLAIN, SlowAttacks::slowBodies),
                Attack.trial(GROUP, "a body of a byte a second", Setup.HURRIED, SlowAttacks::slowBody),
                Attack.trial(GROUP, "a client that does not read its stream", Setup.HURRIED, SlowAttacks::unread)
                        .slow(),
                Attack.trial(GROUP, "a client that leaves", Setup.PLAIN, victim -> leaving(victim, "")),
                Attack.trial(
                        GROUP,
                        "a client that leaves after an empty line",
                        Setup.PLAIN,
                        victim -> leaving(victim, "\r\n")),
                Attack.trial(
                        GROUP,
                        "a client that leaves after another request",
                        Setup.PLAIN,
                        victim -> leaving(victim, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")),
                Attack.trial(
                        GROUP, "clients that leave while their formats compile", Setup.PLAIN, SlowAttacks::compiling),
                Attack.trial(
                                GROUP,
                                "clients that leave while their texts are tokenized",
                                Setup.PLAIN,
                                SlowAttacks::tokenizing)
                        .slow()));
        for (int processors : new int[] {2, 32, 64, 128}) {
            all.add(Attack.trial(GROUP, "a full house", Setup.processors(processors), SlowAttacks::fullHouse)
                    .slow());
        }
        return all;
    }

    /** A request whose body is announced to be longer than what is sent. */
    static byte[] request(String path, int length, String sent) {
        return ("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                        + length + "\r\n\r\n" + sent)
                .getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] request(String body) {
        return request(Victim.CHAT, body.length(), body);
    }

    private static List<Socket> open(Victim victim, int count, byte[] bytes) throws IOException {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sockets.add(victim.open(bytes));
        }
        return sockets;
    }

    private static void close(List<Socket> sockets) throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    /** Sends a byte on each connection; those that the server has closed are left alone. */
    private static void trickle(List<Socket> sockets) {
        sockets.removeIf(socket -> {
            try {
                socket.getOutputStream().write(' ');
                return false;
            } catch (IOException e) {
                return true;
            }
        });
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + SOON.toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).as("the wait for %s", what).isLessThan(end);
            Thread.sleep(100);
        }
    }

    private static void idle(Victim victim, int count) throws Exception {
        List<Socket> sockets = open(
                victim, count, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        try {
            assertThat(victim.chat(SOON).status()).isEqualTo(200);
        } finally {
            close(sockets);
        }
    }

    private static void slowHeaders(Victim victim) throws Exception {
        byte[] begun = "GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: ".getBytes(StandardCharsets.US_ASCII);
        List<Socket> sockets = open(victim, 200, begun);
        try {
            for (int second = 0; second < 4; second++) {
                trickle(sockets);
                assertThat(victim.chat(SOON).status()).isEqualTo(200);
                Thread.sleep(500);
            }
        } finally {
            close(sockets);
        }
    }

    /** As many slow bodies as there are places: others must be answered all the same. */
    private static void slowBodies(Victim victim) throws Exception {
        List<Socket> sockets = open(victim, 256, request(Victim.CHAT, 100_000, "{"));
        try {
            for (int i = 0; i < 3; i++) {
                Thread.sleep(1000);
                trickle(sockets);
                Answer other = victim.chat(SOON);
                assertThat(other.status()).as(other.shown()).isEqualTo(200);
            }
        } finally {
            close(sockets);
        }
        await("free places", () -> victim.inside() == 0);
    }

    /** The time of a request is over while its body still comes. */
    private static void slowBody(Victim victim) throws Exception {
        List<Socket> sockets = open(victim, 1, request(Victim.CHAT, 1000, "{"));
        Socket slow = sockets.get(0);
        slow.setSoTimeout(1000);
        long end = System.nanoTime() + SOON.toNanos();
        boolean told = false;
        while (!told && !sockets.isEmpty()) {
            assertThat(System.nanoTime())
                    .as("the wait for the end of a slow body")
                    .isLessThan(end);
            trickle(sockets);
            try {
                told = slow.getInputStream().read() != 0;
            } catch (java.net.SocketTimeoutException e) {
                told = false;
            } catch (SocketException e) {
                told = true;
            }
        }
        slow.close();
        await("free places", () -> victim.inside() == 0);
    }

    private static void unread(Victim victim) throws Exception {
        String body = Bodies.ask(
                "Why?",
                "\"stream\": true",
                "\"ignore_eos\": true",
                "\"max_tokens\": 3900",
                "\"logprobs\": true",
                "\"top_logprobs\": 20");
        try (Socket socket = victim.open(request(body))) {
            socket.setOption(StandardSocketOptions.SO_RCVBUF, 2048);
            Thread.sleep(1000);
            long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (victim.inside() > 0) {
                assertThat(System.nanoTime())
                        .as("the wait for the end of a stream that nobody reads")
                        .isLessThan(end);
                Thread.sleep(200);
            }
        }
    }

    /** The answer of a client that has left ends before it is complete. */
    private static void leaving(Victim victim, String tail) throws Exception {
        double before = victim.metric(GENERATED);
        try (Socket socket = victim.open(request(ENDLESS))) {
            await("a place", () -> victim.inside() == 1);
            socket.getOutputStream().write(tail.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            Thread.sleep(200);
        }
        await("a free place", () -> victim.inside() == 0);
        assertThat(victim.metric(GENERATED) - before)
                .as("tokens generated for a client that has left")
                .isLessThan(MOST_TOKENS);
    }

    private static void compiling(Victim victim) throws Exception {
        String all = "{\"allOf\": [{\"$ref\": \"#/$defs/d%1$d\"}, {\"$ref\": \"#/$defs/d%1$d\"}]}";
        String schema = "{\"$defs\": {" + Bodies.joined(60, ", ", i -> "\"d" + i + "\": " + all.formatted(i + 1))
                + ", \"d60\": {\"type\": \"object\"}}, \"$ref\": \"#/$defs/d0\"}";
        leaveAll(victim, Bodies.schema(schema));
    }

    private static void tokenizing(Victim victim) throws Exception {
        leaveAll(victim, Bodies.ask("a".repeat(8 << 20)));
    }

    private static void leaveAll(Victim victim, String body) throws Exception {
        List<Socket> sockets = open(victim, 4, request(body));
        Thread.sleep(500);
        close(sockets);
        Answer other = victim.chat(SOON);
        assertThat(other.status()).as(other.shown()).isEqualTo(200);
        await("free places", () -> victim.inside() == 0);
    }

    /** All places are taken by ordinary long answers: the others are told so at once, and the server says how it is. */
    private static void fullHouse(Victim victim) throws Exception {
        List<Socket> sockets = open(victim, 256, request(ENDLESS));
        try {
            await("a full house", () -> victim.inside() >= 200);
            assertThat(victim.get("/ready").status()).isEqualTo(200);
            assertThat(victim.get("/health").status()).isEqualTo(200);
            Answer other = victim.chat(SOON);
            assertThat(other.isOk() || other.isBusy()).as(other.shown()).isTrue();
        } finally {
            close(sockets);
        }
        await("free places", () -> victim.inside() == 0);
    }
}
