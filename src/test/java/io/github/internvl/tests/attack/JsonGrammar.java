package io.github.internvl.tests.attack;

import static io.github.internvl.tests.attack.Node.array;
import static io.github.internvl.tests.attack.Node.object;
import static io.github.internvl.tests.attack.Node.raw;
import static io.github.internvl.tests.attack.Node.string;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** JSON of any kind by chance: all types, numbers of all sizes, texts with every sort of character, deep nests. */
final class JsonGrammar {
    private static final List<String> NUMBERS = List.of(
            "0",
            "-0",
            "1",
            "-1",
            "2",
            "7",
            "0.5",
            "1.5",
            "1e-400",
            "1e308",
            "1e999",
            "-1e999",
            "1e999999999",
            "1e-999999999",
            "10e999999998",
            "2147483647",
            "2147483648",
            "-2147483649",
            "9223372036854775807",
            "9223372036854775808",
            "99999999999999999999",
            "1.0000000000000000000000000001",
            "-0.0",
            "1E+2");
    private static final List<String> NO_NUMBERS =
            List.of("NaN", "Infinity", "01", "+1", ".5", "1.", "0x10", "1e", "-");
    private static final List<String> TEXTS = List.of(
            "",
            "a",
            "Why?",
            "null",
            "1",
            "auto",
            "required",
            "text",
            "user",
            "<|im_end|>",
            "<IMG_CONTEXT>",
            "<image>",
            "data:,",
            "data:image/png;base64,",
            "https://169.254.169.254/",
            "\u0000",
            "\u0661",
            "\u00e9",
            "e\u0301",
            "\u4f60\u597d",
            "\ud83d\udc69\u200d\ud83d\ude80",
            "\u202e\ufeff\uffff",
            "\r\n\t",
            "\\",
            "\"",
            "/");
    private static final List<String> ESCAPES = List.of(
            "\"\\ud800\"",
            "\"\\udc00\\ud800\"",
            "\"\\u0000\"",
            "\"\\ud83d\\ude00\"",
            "\"\\u003c|im_end|>\"",
            "\"\\x41\"",
            "\"\\u12\"",
            "\"\\",
            "\"a\nb\"",
            "'a'");
    private static final List<String> NAMES = List.of(
            "type", "text", "url", "role", "content", "name", "function", "a", "", "$ref", "__proto__", "id", "schema");

    private final Random random;

    JsonGrammar(Random random) {
        this.random = random;
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    /** Whether something is so that happens once in so many times. */
    boolean once(int in) {
        return random.nextInt(in) == 0;
    }

    <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    @SafeVarargs
    final Node either(Supplier<Node>... of) {
        return of[random.nextInt(of.length)].get();
    }

    /** Up to so many values. */
    Node list(int most, Supplier<Node> item) {
        List<Node> items = new ArrayList<>();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            items.add(item.get());
        }
        return array(items);
    }

    Node number() {
        if (once(60)) {
            return raw("9".repeat(1 + random.nextInt(40_000)));
        }
        return raw(once(40) ? one(NO_NUMBERS) : one(NUMBERS));
    }

    /** A whole number of a range. */
    Node whole(int first, int last) {
        return raw(Integer.toString(first + random.nextInt(last - first + 1)));
    }

    /** A number from 0 with three digits behind the point. */
    Node upTo(double most) {
        return raw(Double.toString(Math.round(random.nextDouble() * most * 1000) / 1000.0));
    }

    Node flag() {
        return raw(random.nextBoolean() ? "true" : "false");
    }

    Node text() {
        return switch (random.nextInt(8)) {
            case 0 -> raw(once(6) ? one(ESCAPES) : one(ESCAPES.subList(0, 5)));
            case 1 -> string(one(TEXTS).repeat(1 + random.nextInt(500)));
            case 2 -> string(letters(random.nextInt(30)));
            case 3 -> string(one(TEXTS) + one(TEXTS));
            default -> string(one(TEXTS));
        };
    }

    /** Characters of any block. */
    String letters(int count) {
        return random.ints(count, 0x20, 0x1_0000)
                .filter(point -> point < 0xd800 || point > 0xdfff)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Any value at all. */
    Node any(int depth) {
        int kind = random.nextInt(depth > 4 ? 5 : 8);
        return switch (kind) {
            case 0 -> raw("null");
            case 1 -> flag();
            case 2, 3 -> number();
            case 4 -> text();
            case 5 -> list(3, () -> any(depth + 1));
            case 6 -> members(depth);
            default -> once(8) ? nest() : object(one(NAMES), any(depth + 1));
        };
    }

    private Node members(int depth) {
        List<Node.Member> members = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            members.add(new Node.Member(once(6) ? text().text() : Bodies.quoted(one(NAMES)), any(depth + 1)));
        }
        if (!members.isEmpty() && once(6)) {
            members.add(new Node.Member(members.get(0).name(), any(depth + 1)));
        }
        return new Node.Members(members);
    }

    private Node nest() {
        int depth = once(4) ? 20_000 : 1 + random.nextInt(600);
        return random.nextBoolean()
                ? raw("[".repeat(depth) + "]".repeat(depth))
                : raw("{\"a\": ".repeat(depth) + "1" + "}".repeat(depth));
    }
}
