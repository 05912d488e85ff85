package io.github.internvl.tests.attack;

import static io.github.internvl.tests.attack.Bodies.filled;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Attacks by bodies that are small beside what reading, tokenizing or decoding them takes. */
final class MemoryAttacks {
    private static final String GROUP = "memory";
    private static final String MESSAGE =
            "{\"messages\": [{\"role\": \"user\", \"content\": \"Why?\"}], \"max_tokens\": 1, ";
    private static final int MEBIBYTE = 1 << 20;
    private static final int BODY = 32 * MEBIBYTE - 100;

    private MemoryAttacks() {}

    static List<Attack> all() {
        List<Attack> all = new ArrayList<>(values());
        all.addAll(texts());
        all.addAll(pictures());
        return all;
    }

    private static Attack chat(String name, Supplier<String> body) {
        return Attack.body(GROUP, name, Victim.CHAT, body);
    }

    private static List<Attack> values() {
        return List.of(
                chat(
                                "32 MB of empty objects in an unknown field",
                                () -> filled(MESSAGE + "\"x\": [", "{},", "]}", BODY))
                        .slow(),
                chat("32 MB of empty arrays in an unknown field", () -> filled(MESSAGE + "\"x\": [", "[],", "]}", BODY))
                        .slow(),
                chat(
                                "32 MB of numbers in a known field",
                                () -> filled(MESSAGE + "\"stop_token_ids\": [", "1,", "]}", BODY))
                        .slow(),
                chat(
                                "32 MB of messages",
                                () -> filled("{\"messages\": [", "{\"role\":\"user\",\"content\":\"a\"},", "]}", BODY))
                        .slow(),
                chat(
                        "2 MB of empty objects in an unknown field",
                        () -> filled(MESSAGE + "\"x\": [", "{},", "]}", 2 * MEBIBYTE)),
                chat(
                                "a million keys",
                                () -> MESSAGE + "\"x\": {"
                                        + Bodies.joined(1_000_000, ",", i -> "\"" + Integer.toHexString(i) + "\":0")
                                        + "}}")
                        .slow(),
                chat(
                        "a key a hundred thousand times",
                        () -> MESSAGE + "\"x\": {" + filled("", "\"a\":0,", "", 600_000) + "}}"),
                chat("a known field a thousand times", () -> MESSAGE + "\"n\": 1, ".repeat(1000) + "\"n\": 1}"),
                Attack.body(
                                GROUP,
                                "16 million tokens to detokenize",
                                "/detokenize",
                                () -> filled("{\"tokens\": [", "1,", "]}", BODY))
                        .slow(),
                Attack.body(
                        GROUP,
                        "a million tokens to detokenize",
                        "/detokenize",
                        () -> filled("{\"tokens\": [", "1,", "]}", 2 * MEBIBYTE)),
                chat("100,000 open arrays", () -> "[".repeat(100_000)),
                chat(
                        "100,000 open objects in an unknown field",
                        () -> MESSAGE + "\"x\": " + "{\"a\": ".repeat(100_000)),
                chat("a number of 1 MB", () -> MESSAGE + "\"temperature\": " + "1".repeat(MEBIBYTE) + "}"),
                chat("a name of a field of 1 MB", () -> MESSAGE + "\"" + "x".repeat(MEBIBYTE) + "\": 1}"),
                Attack.trial(GROUP, "32 MB of empty objects from six at once", Setup.PLAIN, MemoryAttacks::sixAtOnce)
                        .slow());
    }

    private static void sixAtOnce(Victim victim) {
        byte[] body =
                filled(MESSAGE + "\"x\": [", "{},", "]}", BODY).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        List<CompletableFuture<Answer>> answers = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            answers.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return victim.post(Victim.CHAT, body);
                } catch (java.io.IOException | InterruptedException e) {
                    throw new AssertionError("no answer", e);
                }
            }));
        }
        for (CompletableFuture<Answer> answer : answers) {
            assertThat(answer.join().flaw()).isNull();
        }
        assertThat(victim.process().log()).doesNotContain("OutOfMemoryError");
    }

    private static List<Attack> texts() {
        String large = "{\"prompt\": \"";
        return List.of(
                chat("a word of 1 MB", () -> Bodies.ask("a".repeat(MEBIBYTE))),
                chat("a word of 8 MB", () -> Bodies.ask("a".repeat(8 * MEBIBYTE)))
                        .slow(),
                chat("a word of 31 MB", () -> Bodies.ask("a".repeat(31 * MEBIBYTE)))
                        .slow(),
                chat("8 MB of spaces", () -> Bodies.ask(" ".repeat(8 * MEBIBYTE)))
                        .slow(),
                chat("1 MB of special tokens", () -> Bodies.ask("<|im_end|>".repeat(100_000))),
                chat(
                                "a system message of 8 MB",
                                () -> "{\"messages\": [{\"role\": \"system\", \"content\": \""
                                        + "b ".repeat(4 * MEBIBYTE) + "\"}, {\"role\": \"user\", \"content\": \"a\"}]}")
                        .slow(),
                Attack.body(
                                GROUP,
                                "a word of 31 MB to tokenize",
                                "/tokenize",
                                () -> large + "a".repeat(31 * MEBIBYTE) + "\"}")
                        .slow(),
                Attack.body(
                                GROUP,
                                "31 MB of spaces to tokenize",
                                "/tokenize",
                                () -> large + " ".repeat(31 * MEBIBYTE) + "\"}")
                        .slow(),
                Attack.body(
                                GROUP,
                                "2 MB of combining marks to tokenize",
                                "/tokenize",
                                () -> large + "a" + "\u0301".repeat(MEBIBYTE) + "\"}")
                        .slow(),
                Attack.body(
                        GROUP,
                        "1 MB of special tokens to tokenize",
                        "/tokenize",
                        () -> large + "<|im_end|>".repeat(100_000) + "\"}"),
                Attack.body(
                                GROUP,
                                "64 prompts of 100 KB",
                                "/v1/completions",
                                () -> "{\"max_tokens\": 1, \"prompt\": ["
                                        + filled("", "\"" + "a ".repeat(50_000) + "\",", "", 64 * 100_003) + "]}")
                        .slow());
    }

    private static List<Attack> pictures() {
        byte[] zeros = new byte[MEBIBYTE];
        return List.of(
                chat("20 pictures of 20 megapixels", () -> large(20)).slow(),
                chat("4 pictures of 20 megapixels", () -> large(4)).slow(),
                chat(
                                "500 MB of zeros in a picture of 10 x 10",
                                () -> Bodies.content(
                                        "[" + Bodies.picture(Bodies.png(10, 10, Bodies.deflated(zeros, 500))) + "]"))
                        .slow(),
                chat(
                                "2,000 pictures of a pixel",
                                () -> Bodies.content(
                                        "[" + filled("", Bodies.picture(Bodies.png(1, 1)) + ",", "", 2000 * 200) + "]"))
                        .slow(),
                chat(
                                "1,024 tiles of 20 megapixels",
                                () -> Bodies.content("["
                                        + Bodies.picture(Bodies.png(5000, 4000), "\"max_dynamic_patch\": 1024") + "]"))
                        .slow());
    }

    private static String large(int count) {
        String picture = Bodies.picture(Bodies.png(5000, 4000), "\"detail\": \"low\"");
        return Bodies.content("[" + (picture + ", ").repeat(count) + Bodies.text("Why?") + "]");
    }
}
