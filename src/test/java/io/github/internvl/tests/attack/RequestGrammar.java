package io.github.internvl.tests.attack;

import static io.github.internvl.tests.attack.Node.array;
import static io.github.internvl.tests.attack.Node.object;
import static io.github.internvl.tests.attack.Node.raw;
import static io.github.internvl.tests.attack.Node.string;

import io.github.internvl.demo.DemoModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Requests by chance, from the grammar of each route: all fields that are known, of which most values are right and some of
 * another type or out of range; fields that nobody knows; names that come twice; and bodies that are cut.
 */
final class RequestGrammar {
    private static final String CHAT = Victim.CHAT;
    private static final List<String> ROUTES =
            List.of(CHAT, CHAT, CHAT, "/v1/responses", "/v1/completions", "/tokenize", "/detokenize");
    private static final List<String> PICTURES = pictures();
    private static final int GOOD_PICTURES = 3;

    private final JsonGrammar json;
    private final FormatGrammar formats;
    private final Map<String, Supplier<Node>> sampling;

    /**
     * A request.
     *
     * @param cut how many characters are missing at the end
     */
    record Request(String path, Node body, int cut) {
        String text() {
            String text = body.text();
            return text.substring(0, Math.max(0, text.length() - cut));
        }
    }

    RequestGrammar(long seed) {
        json = new JsonGrammar(new Random(seed));
        formats = new FormatGrammar(json);
        sampling = Map.ofEntries(
                Map.entry("temperature", () -> json.upTo(2)),
                Map.entry("top_p", () -> json.upTo(1)),
                Map.entry("top_k", () -> json.whole(-1, 50)),
                Map.entry("min_p", () -> json.upTo(1)),
                Map.entry("typical_p", () -> json.upTo(1)),
                Map.entry("seed", () -> json.whole(0, 1000)),
                Map.entry("n", () -> json.whole(1, 3)),
                Map.entry("presence_penalty", () -> json.upTo(2)),
                Map.entry("frequency_penalty", () -> json.upTo(2)),
                Map.entry("repetition_penalty", () -> json.upTo(2)),
                Map.entry("min_tokens", () -> json.whole(0, 4)),
                Map.entry(
                        "stop", () -> json.once(3) ? json.text() : array(List.of(string("x"), string("\ud83d\ude80")))),
                Map.entry("stop_token_ids", () -> json.list(5, () -> json.whole(0, 900))),
                Map.entry("bad_words", () -> json.list(3, json::text)),
                Map.entry("ignore_eos", json::flag),
                Map.entry("skip_special_tokens", json::flag),
                Map.entry("include_stop_str_in_output", json::flag),
                Map.entry("logit_bias", () -> object("64", json.whole(-100, 100), "5", json.whole(-100, 100))),
                Map.entry("user", json::text),
                Map.entry("metadata", () -> json.any(2)));
    }

    private static List<String> pictures() {
        try {
            List<String> all = new ArrayList<>();
            for (String name : List.of("shapes.png", "word.png")) {
                byte[] file = Files.readAllBytes(DemoModel.sample(name));
                all.add("data:image/png;base64," + Base64.getEncoder().encodeToString(file));
            }
            String pixel = Base64.getEncoder().encodeToString(Bodies.png(1, 1));
            all.add("data:image/png;base64," + pixel);
            all.add("data:image/jpeg;base64," + pixel.substring(0, pixel.length() / 2));
            all.add("data:image/gif;base64,R0lGODlh");
            all.add("https://example.com/a.png");
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next request. */
    Request next() {
        String path = json.one(ROUTES);
        List<Node.Member> fields = switch (path) {
            case "/tokenize" -> tokenize();
            case "/detokenize" -> fields(Map.of("tokens", () -> json.list(20, () -> json.whole(0, 990))), 1);
            case "/v1/completions" -> completion();
            case "/v1/responses" -> response();
            default -> chat();
        };
        if (json.once(3)) {
            fields.add(new Node.Member(json.once(2) ? json.text().text() : "\"unknown\"", json.any(0)));
        }
        if (!fields.isEmpty() && json.once(10)) {
            fields.add(new Node.Member(json.one(fields).name(), json.any(1)));
        }
        Node body = json.once(80) ? json.any(0) : new Node.Members(fields);
        return new Request(path, body, json.once(40) ? 1 + json.below(40) : 0);
    }

    /** Each field once in so many times, and now and then with another value. */
    private List<Node.Member> fields(Map<String, Supplier<Node>> known, int in) {
        List<Node.Member> fields = new ArrayList<>();
        new TreeMap<>(known).forEach((name, value) -> {
            if (json.once(in)) {
                add(fields, name, value);
            }
        });
        return fields;
    }

    private void add(List<Node.Member> fields, String name, Supplier<Node> value) {
        fields.add(new Node.Member(Bodies.quoted(name), json.once(50) ? json.any(1) : value.get()));
    }

    private List<Node.Member> chat() {
        List<Node.Member> fields = fields(sampling, 8);
        add(fields, "messages", this::messages);
        add(fields, json.once(4) ? "max_completion_tokens" : "max_tokens", () -> json.whole(1, 8));
        Map<String, Supplier<Node>> rest = Map.of(
                "stream_options", () -> json.once(2) ? raw("null") : object("include_usage", json.flag()),
                "modalities", () -> array(List.of(string("text"))),
                "functions", () -> raw("null"));
        fields.addAll(fields(rest, 5));
        if (json.once(2)) {
            add(fields, "response_format", this::format);
        }
        if (json.once(4)) {
            add(fields, "logprobs", () -> raw("true"));
            add(fields, "top_logprobs", () -> json.whole(0, 20));
        }
        addTools(fields, false);
        addStream(fields);
        return fields;
    }

    private List<Node.Member> completion() {
        List<Node.Member> fields = fields(sampling, 6);
        add(fields, "prompt", () -> json.either(json::text, () -> json.list(3, json::text)));
        add(fields, "max_tokens", () -> json.whole(1, 8));
        fields.addAll(fields(Map.of("logprobs", () -> json.whole(0, 5), "echo", () -> raw("false")), 6));
        addStream(fields);
        return fields;
    }

    private List<Node.Member> response() {
        List<Node.Member> fields = fields(sampling, 10);
        add(fields, "input", () -> json.either(json::text, this::input));
        add(fields, "max_output_tokens", () -> json.whole(1, 8));
        Map<String, Supplier<Node>> rest = Map.of(
                "instructions", json::text,
                "store", () -> raw("false"),
                "include", () -> array(List.of(string("message.output_text.logprobs"))),
                "top_logprobs", () -> json.whole(0, 5),
                "text", () -> object("format", flat()));
        fields.addAll(fields(rest, 3));
        addTools(fields, true);
        addStream(fields);
        return fields;
    }

    private List<Node.Member> tokenize() {
        List<Node.Member> fields = fields(Map.of("add_special_tokens", json::flag), 3);
        if (json.once(2)) {
            add(fields, "messages", this::messages);
            addTools(fields, false);
        } else {
            add(fields, "prompt", json::text);
        }
        return fields;
    }

    private Node messages() {
        List<Node> messages = new ArrayList<>();
        if (json.once(4)) {
            messages.add(message("system", json.text()));
        }
        for (int round = json.below(3); round > 0; round--) {
            messages.add(message("user", content()));
            messages.add(json.once(3) ? calling() : message("assistant", json.text()));
            if (json.once(3)) {
                messages.add(message("tool", json.text()));
            }
        }
        messages.add(json.once(40) ? json.any(1) : message("user", content()));
        return array(messages);
    }

    private static Node message(String role, Node content) {
        return object("role", string(role), "content", content);
    }

    private Node calling() {
        Node arguments = json.once(4) ? string(json.any(2).text()) : string("{}");
        Node call = object(
                "id",
                string("1"),
                "type",
                string("function"),
                "function",
                object("name", string("f"), "arguments", arguments));
        return object("role", string("assistant"), "content", raw("null"), "tool_calls", array(List.of(call)));
    }

    private Node content() {
        return json.once(2)
                ? json.text()
                : array(List.of(object("type", string("text"), "text", string("Why?")), part(), part()));
    }

    private Node part() {
        return switch (json.below(8)) {
            case 0, 1 -> object("type", string("image_url"), "image_url", source());
            case 2 ->
                json.once(4)
                        ? object("type", string("video_url"), "video_url", source())
                        : object("type", string("text"), "text", json.text());
            case 3 -> json.once(5) ? json.any(1) : object("type", string("text"), "text", string("Why?"));
            default -> object("type", string("text"), "text", json.text());
        };
    }

    private Node source() {
        Node url = json.once(15)
                ? json.any(2)
                : string(json.one(json.once(8) ? PICTURES : PICTURES.subList(0, GOOD_PICTURES)));
        return switch (json.below(3)) {
            case 0 -> object("url", url, "detail", string(json.one(List.of("low", "medium", "high", "auto"))));
            case 1 -> object("url", url, "max_dynamic_patch", json.once(10) ? json.number() : json.whole(1, 6));
            default -> object("url", url, "num_frames", json.once(10) ? json.number() : json.whole(1, 8));
        };
    }

    private Node input() {
        return json.list(3, () -> switch (json.below(4)) {
            case 0 ->
                object(
                        "type",
                        string("function_call"),
                        "name",
                        string("f"),
                        "arguments",
                        json.text(),
                        "call_id",
                        string("1"));
            case 1 -> object("type", string("function_call_output"), "call_id", string("1"), "output", json.text());
            case 2 ->
                object(
                        "role",
                        string("user"),
                        "content",
                        array(List.of(
                                object("type", string("input_image"), "image_url", string(json.one(PICTURES))),
                                object("type", string("input_text"), "text", json.text()))));
            default -> message("user", json.text());
        });
    }

    private Node format() {
        return switch (json.below(5)) {
            case 0 -> object("type", string("text"));
            case 1 -> object("type", string("json_object"));
            case 2 -> object("type", string("regex_schema"), "regex_schema", string(formats.regex(0)));
            default ->
                object(
                        "type",
                        string("json_schema"),
                        "json_schema",
                        object("name", string("x"), "schema", formats.schema()));
        };
    }

    private Node flat() {
        return json.once(3)
                ? object("type", string("json_object"))
                : object("type", string("json_schema"), "name", string("x"), "schema", formats.schema());
    }

    private void addStream(List<Node.Member> fields) {
        if (json.once(2)) {
            add(fields, "stream", json::flag);
        }
    }

    private void addTools(List<Node.Member> fields, boolean flat) {
        if (!json.once(5)) {
            return;
        }
        Node function = object(
                "name",
                json.once(8) ? json.text() : string("f"),
                "description",
                json.text(),
                "parameters",
                json.once(4) ? json.any(1) : formats.schema());
        Node tool = flat
                ? object("type", string("function"), "name", string("f"), "parameters", formats.schema())
                : object("type", string("function"), "function", function);
        add(fields, "tools", () -> array(List.of(tool)));
        add(
                fields,
                "tool_choice",
                () -> json.either(
                        () -> string("auto"),
                        () -> string("none"),
                        () -> string("required"),
                        () -> object("type", string("function"), "function", object("name", string("f")))));
    }
}
