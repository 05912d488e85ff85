package io.github.internvl.tests.attack;

import static io.github.internvl.tests.attack.Bodies.joined;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Attacks by formats: expressions and schemas whose compiling, or whose automaton, costs far more than their text. */
final class GrammarAttacks {
    private static final String GROUP = "grammar";
    private static final String OBJECT = "{\"type\": \"object\", \"properties\": {\"x\": {\"type\": \"string\"}}}";

    private GrammarAttacks() {}

    static List<Attack> all() {
        List<Attack> all = new ArrayList<>(expressions());
        all.addAll(counted());
        all.addAll(references());
        all.addAll(combinations());
        all.addAll(sizes());
        all.addAll(numbers());
        all.addAll(tools());
        return all;
    }

    private static Attack regex(String name, Supplier<String> regex, String... fields) {
        return Attack.body(GROUP, "expression: " + name, Victim.CHAT, () -> Bodies.regex(regex.get(), fields));
    }

    private static Attack regex(String regex) {
        return regex(regex, () -> regex);
    }

    private static Attack schema(String name, Supplier<String> schema) {
        return Attack.body(GROUP, "schema: " + name, Victim.CHAT, () -> Bodies.schema(schema.get()));
    }

    private static List<Attack> expressions() {
        return List.of(
                regex("[a-z]{1,5}"),
                regex("(a|a)*b"),
                regex("(a*)*b"),
                regex("(x+x+)+y"),
                regex("[z-a]"),
                regex("(?=a)b"),
                regex("(a"),
                regex("a{5,2}"),
                regex("a{99999999999}"),
                regex("\\1"),
                regex("[^\\x{0}-\\x{10FFFF}]"),
                regex("99 stars in each other", () -> "(".repeat(99) + "a" + ")*".repeat(99) + "b"),
                regex("500 stars in each other", () -> "(".repeat(500) + "a" + ")*".repeat(500) + "b"),
                regex("100,000 open brackets", () -> "(".repeat(100_000)),
                regex("100 optional parts in each other", () -> "(".repeat(99) + "a" + ")?".repeat(99) + "b"),
                regex("300 stars after each other", () -> ".*".repeat(300) + "x"),
                regex("2,000 letters of any script", () -> "\\p{L}".repeat(2000))
                        .slow(),
                regex("6,000 letters of any script", () -> "\\p{L}".repeat(6000))
                        .slow(),
                regex("a text of 200 KB", () -> "ab".repeat(100_000)).slow(),
                regex("100,000 words", () -> joined(100_000, "|", i -> "w" + i)).slow(),
                regex(
                                "3,000 counted alternatives",
                                () -> joined(3000, "|", i -> "[^" + (char) ('a' + i % 26) + "]{" + (i + 1) + "}"))
                        .slow());
    }

    /** Repetitions whose automaton has many states, or states with many readings; the token for an a is forced. */
    private static List<Attack> counted() {
        String forced = "\"logit_bias\": {\"64\": 100}";
        String eight = joined(8, "|", i -> ".*[a" + (char) ('b' + i) + "].{" + (5000 + 100 * i) + "}") + "|.*";
        return List.of(
                regex("nested six deep", () -> "(".repeat(6) + "." + "{0,9})".repeat(6) + "x"),
                regex("((a{1,1000}){1,1000}){1,1000}b"),
                regex("(.|..|...|....|.....){1,100000}x"),
                regex("(a?){500}a{500}"),
                regex(".*a.{1000}", () -> ".*a.{1000}", forced, "\"max_tokens\": 200"),
                regex("(.*a.{3000}|.*b.{3000})", () -> "(.*a.{3000}|.*b.{3000})", forced, "\"max_tokens\": 200")
                        .slow(),
                regex("[a-z]{100000}", () -> "[a-z]{100000}", "\"max_tokens\": 100"),
                regex("(a.{0,60}){0,60}b", () -> "(a.{0,60}){0,60}b", forced, "\"max_tokens\": 300")
                        .slow(),
                regex("(.{1,50}){1,50}x", () -> "(.{1,50}){1,50}x", forced, "\"max_tokens\": 300")
                        .slow(),
                regex("((a|ab|abc|.){0,80}){0,40}z", () -> "((a|ab|abc|.){0,80}){0,40}z", forced, "\"max_tokens\": 300")
                        .slow(),
                regex(".*a.{9000}|.*", () -> ".*a.{9000}|.*", forced, "\"max_tokens\": 3000", "\"stream\": true")
                        .slow(),
                regex(
                                "eight wide counted alternatives",
                                () -> eight,
                                forced,
                                "\"max_tokens\": 1500",
                                "\"stream\": true")
                        .slow());
    }

    /** Definitions of which each refers to the next twice, so that following them doubles the work at each level. */
    private static String doubling(int levels, String twice, String last) {
        return "{\"$defs\": {"
                + joined(
                        levels,
                        ", ",
                        i -> "\"d" + i + "\": " + twice.replace("$", "{\"$ref\": \"#/$defs/d" + (i + 1) + "\"}"))
                + ", \"d" + levels + "\": " + last + "}, \"$ref\": \"#/$defs/d0\"}";
    }

    private static List<Attack> references() {
        String all = "{\"allOf\": [$, $]}";
        String any = "{\"anyOf\": [$, $], \"properties\": {\"x\": {\"type\": \"string\"}}}";
        String one = "{\"oneOf\": [$, $], \"properties\": {\"x\": {\"type\": \"string\"}}}";
        String both = "{\"type\": \"object\", \"properties\": {\"a\": $, \"b\": $}, \"required\": [\"a\", \"b\"]}";
        String string = "{\"type\": \"string\"}";
        return List.of(
                schema("a reference to itself", () -> "{\"$ref\": \"#\"}"),
                schema(
                        "definitions that refer to each other",
                        () ->
                                "{\"$defs\": {\"a\": {\"$ref\": \"#/$defs/b\"}, \"b\": {\"$ref\": \"#/$defs/a\"}}, \"$ref\": \"#/$defs/a\"}"),
                schema(
                        "an object that must hold itself",
                        () ->
                                "{\"type\": \"object\", \"properties\": {\"a\": {\"$ref\": \"#\"}}, \"required\": [\"a\"]}"),
                schema("an allOf that holds itself", () -> "{\"allOf\": [{\"$ref\": \"#\"}, " + OBJECT + "]}"),
                schema("a reference to nothing", () -> "{\"$ref\": \"#/$defs/none\"}"),
                schema("a reference to the web", () -> "{\"$ref\": \"http://127.0.0.1/schema.json\"}"),
                schema(
                        "a chain of 5,000 references",
                        () -> "{\"$defs\": {"
                                + joined(5000, ", ", i -> "\"d" + i + "\": {\"$ref\": \"#/$defs/d" + (i + 1) + "\"}")
                                + ", \"d5000\": " + string + "}, \"$ref\": \"#/$defs/d0\"}"),
                schema("allOf that doubles 16 times", () -> doubling(16, all, OBJECT)),
                schema("allOf that doubles 60 times", () -> doubling(60, all, OBJECT)),
                schema("anyOf beside properties that doubles 60 times", () -> doubling(60, any, OBJECT)),
                schema("oneOf beside properties that doubles 60 times", () -> doubling(60, one, OBJECT)),
                schema("properties that double 60 times", () -> doubling(60, both, string)),
                schema(
                        "items that double 60 times",
                        () -> doubling(60, "{\"prefixItems\": [$, $], \"type\": \"array\"}", string)),
                schema(
                        "additionalProperties that double 60 times",
                        () -> doubling(
                                60,
                                "{\"type\": \"object\", \"properties\": {\"a\": $}, \"additionalProperties\": $}",
                                string)));
    }

    private static List<Attack> combinations() {
        return List.of(
                schema(
                        "ten anyOf of six objects, all of them",
                        () -> "{\"allOf\": ["
                                + joined(
                                        10,
                                        ", ",
                                        i -> "{\"anyOf\": ["
                                                + joined(
                                                        6,
                                                        ", ",
                                                        j -> "{\"type\": \"object\", \"properties\": {\"p" + i + "_" + j
                                                                + "\": {\"type\": \"integer\"}}, \"required\": [\"p" + i
                                                                + "_" + j + "\"]}")
                                                + "]}")
                                + "]}"),
                schema(
                        "20 patterns at once",
                        () -> "{\"allOf\": ["
                                + joined(
                                        20,
                                        ", ",
                                        i -> "{\"type\": \"string\", \"pattern\": \".*" + (char) ('a' + i) + ".{" + i
                                                + "}.*\"}")
                                + "]}"),
                schema(
                        "a pattern, a length and a format",
                        () -> "{\"type\": \"string\", \"pattern\": \"(.*a.{50}.*b.{50})\", \"minLength\": 60,"
                                + " \"maxLength\": 5000, \"format\": \"email\"}"),
                schema(
                        "200 ranges of numbers",
                        () -> "{\"allOf\": ["
                                + joined(
                                        200,
                                        ", ",
                                        i -> "{\"type\": \"number\", \"minimum\": -" + i
                                                + ".123456789, \"maximum\": 1000000" + i + ".987654321}")
                                + "]}"),
                schema(
                        "a length of 10^9 beside a pattern",
                        () -> "{\"type\": \"string\", \"minLength\": 1000000000, \"pattern\": \"^a*$\"}"),
                schema(
                        "an array of 2^31 - 1",
                        () -> "{\"type\": \"array\", \"items\": {\"type\": \"integer\"}, \"minItems\": 2147483647}"),
                schema("not not not", () -> "{\"not\": ".repeat(100) + "{}" + "}".repeat(100)),
                schema("50,000 levels", () -> "{\"items\": ".repeat(50_000) + "{}" + "}".repeat(50_000)));
    }

    private static List<Attack> sizes() {
        return List.of(
                schema(
                        "an enum of 5,000",
                        () -> "{\"enum\": [" + joined(5000, ", ", i -> "\"A-" + (10_000 + i) + "\"") + "]}"),
                schema(
                                "an enum of 200,000",
                                () -> "{\"enum\": [" + joined(200_000, ", ", i -> "\"value " + i + "\"") + "]}")
                        .slow(),
                schema(
                        "anyOf of 1,000 objects",
                        () -> "{\"anyOf\": ["
                                + joined(
                                        1000,
                                        ", ",
                                        i -> "{\"type\": \"object\", \"properties\": {\"p" + i
                                                + "\": {\"type\": \"integer\"}}, \"required\": [\"p" + i
                                                + "\"], \"additionalProperties\": false}")
                                + "]}"),
                schema(
                        "oneOf of 3,000 constants",
                        () -> "{\"oneOf\": [" + joined(3000, ", ", i -> "{\"const\": \"v" + i + "\"}") + "]}"),
                schema(
                                "oneOf of 1,500 objects",
                                () -> "{\"oneOf\": ["
                                        + joined(
                                                1500,
                                                ", ",
                                                i -> "{\"type\": \"object\", \"properties\": {\"k\": {\"const\": " + i
                                                        + "}}, \"required\": [\"k\"]}")
                                        + "]}")
                        .slow(),
                schema(
                                "3,000 optional properties",
                                () -> "{\"type\": \"object\", \"properties\": {"
                                        + joined(3000, ", ", i -> "\"p" + i + "\": {\"type\": \"integer\"}")
                                        + "}, \"additionalProperties\": false}")
                        .slow(),
                schema(
                                "3,000 names beside any others",
                                () -> "{\"type\": \"object\", \"properties\": {"
                                        + joined(3000, ", ", i -> "\"p" + i + "\": {\"type\": \"integer\"}")
                                        + "}, \"additionalProperties\": {\"type\": \"string\"}}")
                        .slow(),
                schema(
                                "20,000 required properties",
                                () -> "{\"type\": \"object\", \"properties\": {"
                                        + joined(20_000, ", ", i -> "\"p" + i + "\": {\"type\": \"integer\"}")
                                        + "}, \"required\": ["
                                        + joined(20_000, ", ", i -> "\"p" + i + "\"") + "]}")
                        .slow(),
                schema(
                                "prefixItems of 50,000",
                                () -> "{\"type\": \"array\", \"prefixItems\": ["
                                        + joined(50_000, ", ", i -> "{\"type\": \"integer\"}") + "]}")
                        .slow(),
                schema(
                        "a description of 1 MB",
                        () -> "{\"type\": \"string\", \"description\": \"" + "d".repeat(1 << 20) + "\"}"));
    }

    private static List<Attack> numbers() {
        return List.of(
                schema("maximum 1e999999999", () -> "{\"type\": \"integer\", \"maximum\": 1e999999999}"),
                schema("minimum -1e999999999", () -> "{\"type\": \"number\", \"exclusiveMinimum\": -1e999999999}"),
                schema(
                        "maximum 1e-999999999",
                        () -> "{\"type\": \"number\", \"minimum\": 0, \"maximum\": 1e-999999999}"),
                schema("multipleOf 1e-999999999", () -> "{\"type\": \"number\", \"multipleOf\": 1e-999999999}"),
                schema("multipleOf 0", () -> "{\"type\": \"number\", \"multipleOf\": 0}"),
                schema("const 1e999999999", () -> "{\"const\": 1e999999999}"),
                schema("enum of 1e999999999 and 1e999999998", () -> "{\"enum\": [1e999999999, 1e999999998, 1.0, 1]}"),
                schema(
                        "oneOf of constants that are equal",
                        () -> "{\"oneOf\": [{\"const\": 1e999999999}, {\"const\": 10e999999998}]}"),
                schema(
                        "default and examples of 1e999999999",
                        () -> "{\"type\": \"string\", \"default\": 1e999999999, \"examples\": [1e999999999]}"),
                schema(
                        "maximum of 40,000 digits",
                        () -> "{\"type\": \"integer\", \"maximum\": " + "9".repeat(40_000) + "}"),
                schema("minLength 1e999999999", () -> "{\"type\": \"string\", \"minLength\": 1e999999999}"),
                schema("maxItems 1e999999999", () -> "{\"type\": \"array\", \"maxItems\": 1e999999999}"),
                schema("minItems 0.5", () -> "{\"type\": \"array\", \"minItems\": 0.5}"));
    }

    private static List<Attack> tools() {
        String parameters = "{\"type\": \"object\", \"properties\": {"
                + joined(20, ", ", j -> "\"a" + j + "\": {\"type\": \"string\"}") + "}}";
        return List.of(
                Attack.body(
                        GROUP,
                        "tools of 1 MB",
                        Victim.CHAT,
                        () -> Bodies.ask(
                                "Why?",
                                "\"tools\": [" + joined(1000, ", ", i -> tool(i, "d".repeat(1000), parameters))
                                        + "], \"tool_choice\": \"auto\"")),
                Attack.body(
                        GROUP,
                        "one of 1,000 tools is required",
                        Victim.CHAT,
                        () -> Bodies.ask(
                                "Why?",
                                "\"tools\": [" + joined(1000, ", ", i -> tool(i, "", parameters))
                                        + "], \"tool_choice\": \"required\"")),
                Attack.body(
                        GROUP,
                        "a tool whose parameters double 60 times",
                        Victim.CHAT,
                        () -> Bodies.ask(
                                "Why?",
                                "\"tools\": [" + tool(1, "", doubling(60, "{\"allOf\": [$, $]}", OBJECT))
                                        + "], \"tool_choice\": \"required\"")),
                Attack.body(
                        GROUP,
                        "text.format whose schema doubles 60 times",
                        "/v1/responses",
                        () -> "{\"input\": \"Why?\","
                                + " \"max_output_tokens\": 2, \"text\": {\"format\": {\"type\": \"json_schema\", \"name\": \"x\","
                                + " \"schema\": " + doubling(60, "{\"allOf\": [$, $]}", OBJECT) + "}}}"));
    }

    private static String tool(int number, String description, String parameters) {
        return "{\"type\": \"function\", \"function\": {\"name\": \"f" + number + "\", \"description\": \""
                + description + "\", \"parameters\": " + parameters + "}}";
    }
}
