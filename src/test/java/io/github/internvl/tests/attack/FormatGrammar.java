package io.github.internvl.tests.attack;

import static io.github.internvl.tests.attack.Node.array;
import static io.github.internvl.tests.attack.Node.object;
import static io.github.internvl.tests.attack.Node.raw;
import static io.github.internvl.tests.attack.Node.string;

import java.util.ArrayList;
import java.util.List;

/** Regular expressions and JSON schemas by chance: most are right, some cost much, some are wrong. */
final class FormatGrammar {
    private static final List<String> ATOMS = List.of(
            "a",
            "b",
            "z",
            ".",
            "[a-z]",
            "[^a]",
            "\\d",
            "\\w",
            "\\s",
            "\\p{L}",
            "\\u0041",
            "\u4f60",
            "[\\x{1F600}-\\x{1F64F}]",
            "(?:ab|cd)",
            "[]",
            "[z-a]",
            "(?=a)",
            "\\1",
            "^",
            "$",
            "\\b",
            "[",
            "(",
            "*");
    private static final int RIGHT_ATOMS = 14;
    private static final List<String> REPEATS = List.of(
            "",
            "",
            "",
            "*",
            "+",
            "?",
            "*?",
            "{3}",
            "{0,9}",
            "{2,}",
            "{0,100}",
            "{1000}",
            "{100000}",
            "{5,2}",
            "{99999999999}");
    private static final int SMALL_REPEATS = 11;
    private static final List<String> TYPES =
            List.of("string", "integer", "number", "boolean", "null", "object", "array", "x");
    private static final List<String> FORMATS =
            List.of("date", "date-time", "time", "uuid", "email", "ipv4", "uri", "x");
    private static final List<String> REFERENCES = List.of(
            "#",
            "#/$defs/a",
            "#/$defs/b",
            "#/properties/a",
            "#/%24defs/a",
            "",
            "x",
            "#/$defs/none",
            "#/$defs/a/properties/a",
            "http://127.0.0.1/");
    private static final int MOST_DEPTH = 4;

    private final JsonGrammar json;

    FormatGrammar(JsonGrammar json) {
        this.json = json;
    }

    /** A regular expression. */
    String regex(int depth) {
        StringBuilder text = new StringBuilder();
        for (int i = json.below(4); i >= 0; i--) {
            if (depth < MOST_DEPTH && json.once(3)) {
                text.append('(').append(regex(depth + 1));
                text.append(json.once(2) ? "|" + regex(depth + 1) : "").append(')');
            } else {
                text.append(json.one(json.once(40) ? ATOMS : ATOMS.subList(0, RIGHT_ATOMS)));
            }
            text.append(json.one(json.once(15) ? REPEATS : REPEATS.subList(0, SMALL_REPEATS)));
        }
        return text.toString();
    }

    /** A schema with definitions that it may refer to. */
    Node schema() {
        Node root = json.once(10) ? doubling() : schema(0);
        if (root instanceof Node.Members object && !json.once(8)) {
            List<Node.Member> members = new ArrayList<>(object.members());
            members.add(new Node.Member("\"$defs\"", object("a", schema(1), "b", schema(1))));
            return new Node.Members(members);
        }
        return root;
    }

    private Node schema(int depth) {
        if (depth >= MOST_DEPTH || json.once(4)) {
            return leaf();
        }
        return switch (json.below(6)) {
            case 0, 1 -> properties(depth);
            case 2 -> items(depth);
            case 3 -> combined(depth);
            case 4 -> object("$ref", string(json.one(json.once(6) ? REFERENCES : REFERENCES.subList(0, 3))));
            default -> leaf();
        };
    }

    private Node leaf() {
        return switch (json.below(9)) {
            case 0 -> object("const", json.any(2));
            case 1 -> object("enum", json.once(12) ? many() : json.list(5, () -> json.any(3)));
            case 2 -> object("type", string("string"), "pattern", string(regex(1)));
            case 3 ->
                object(
                        "type",
                        string("string"),
                        "format",
                        string(json.one(json.once(6) ? FORMATS : FORMATS.subList(0, 6))));
            case 4 -> object("type", string("string"), "minLength", bound(), "maxLength", bound());
            case 5 ->
                object("type", string(json.once(2) ? "integer" : "number"), "minimum", bound(), "maximum", bound());
            case 6 -> object("type", json.once(12) ? json.any(2) : array(List.of(type(), type())));
            case 7 -> json.once(12) ? json.any(2) : raw("true");
            default -> object("type", type());
        };
    }

    private Node type() {
        return string(json.one(json.once(20) ? TYPES : TYPES.subList(0, TYPES.size() - 1)));
    }

    private Node bound() {
        return json.once(12) ? json.number() : json.once(40) ? json.any(3) : json.whole(0, 20);
    }

    private Node many() {
        List<Node> values = new ArrayList<>();
        int count = 1000 + json.below(6000);
        for (int i = 0; i < count; i++) {
            values.add(string("v" + i));
        }
        return array(values);
    }

    private Node properties(int depth) {
        List<Node.Member> properties = new ArrayList<>();
        List<Node> required = new ArrayList<>();
        for (String name : List.of("a", "b", "c", "\u4f60")) {
            if (json.once(2)) {
                properties.add(new Node.Member(Bodies.quoted(name), schema(depth + 1)));
            }
            if (json.once(3)) {
                required.add(string(name));
            }
        }
        Node others = json.once(2) ? json.flag() : schema(depth + 1);
        return object(
                "type",
                string("object"),
                "properties",
                new Node.Members(properties),
                "required",
                array(required),
                "additionalProperties",
                others);
    }

    private Node items(int depth) {
        return object(
                "type",
                string("array"),
                "items",
                schema(depth + 1),
                "minItems",
                bound(),
                "maxItems",
                bound(),
                "prefixItems",
                json.list(2, () -> schema(depth + 1)));
    }

    private Node combined(int depth) {
        Node all = json.list(4, () -> schema(depth + 1));
        String name = json.one(List.of("anyOf", "oneOf", "allOf"));
        return json.once(2) ? object(name, all) : object(name, all, "properties", object("a", schema(depth + 1)));
    }

    /** Definitions of which each refers to the next twice. */
    private Node doubling() {
        int levels = json.below(60);
        String how = json.one(List.of("anyOf", "oneOf", "allOf", "prefixItems"));
        List<Node.Member> definitions = new ArrayList<>();
        for (int i = 0; i < levels; i++) {
            Node next = object("$ref", string("#/$defs/d" + (i + 1)));
            Node level = object(how, array(List.of(next, next)), "properties", object("x", raw("true")));
            definitions.add(new Node.Member("\"d" + i + "\"", level));
        }
        definitions.add(new Node.Member("\"d" + levels + "\"", leaf()));
        return object("$ref", string("#/$defs/d0"), "$defs", new Node.Members(definitions));
    }
}
