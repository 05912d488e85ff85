package io.github.internvl.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Attacks by what texts and addresses say: special tokens wherever a text can stand, and addresses that lead inside. */
final class InjectionAttacks {
    private static final String GROUP = "injection";
    private static final List<String> SPECIAL = List.of(
            "<|im_end|>",
            "<|im_start|>",
            "<|endoftext|>",
            "<IMG_CONTEXT>",
            "<img>",
            "</img>",
            "<tool_call>",
            "</tool_call>",
            "<tool_response>");
    /** Where an answer of the model is given back, which holds its calls as the model wrote them. */
    private static final List<String> ANSWERS = List.of("assistant", "arguments", "arguments as they stand");

    private static final List<String> TAGS = List.of(
            "<image>",
            "<image><image>",
            "< image>",
            "<IMAGE>",
            "<im<image>age>",
            "<<image>image>",
            "<|im_<|im_end|>end|>",
            "<IMG_CONT<IMG_CONTEXT>EXT>");
    private static final List<String> HOSTS = List.of(
            "127.0.0.1 images",
            "10.0.0.1 ten",
            "169.254.169.254 meta",
            "::1 six",
            "::ffff:127.0.0.1 mapped",
            "64:ff9b::7f00:1 nat64",
            "2002:7f00:1:: sixtofour",
            "0.0.0.0 zero",
            "fd00::1 ula",
            "100.64.0.1 cgnat",
            "198.18.0.1 bench",
            "255.255.255.255 all",
            "224.0.0.1 multi",
            "fe80::1 link",
            "::7f00:1 compatible",
            "192.0.0.170 ietf",
            "240.0.0.1 future",
            "fec0::1 site",
            "2001:0:7f00:1::1 teredo");
    private static final List<String> ADDRESSES = List.of(
            "http://127.0.0.1:1/",
            "http://2130706433:1/",
            "http://0x7f000001:1/",
            "http://017700000001:1/",
            "http://127.1:1/",
            "http://images.example.com@127.0.0.1:1/",
            "http://127.0.0.1:1#@images.example.com/",
            "http://127.0.0.1:1\\@images.example.com/",
            "http://images.example.com:1:80/",
            "http://images.example.com%00.evil/",
            "http://images.example.com%2eevil.test/",
            "http://IMAGES\u3002example\u3002com/",
            "http://\u0131mages.example.com/",
            "http://images.example.com\t/",
            "http://images.example.com:1\r\nX: y/",
            "http://images.example.com:0/",
            "http://images.example.com:65616/",
            "http://[::ffff:127.0.0.1]/",
            "http://[0:0:0:0:0:ffff:7f00:1]/",
            "http://[fe80::1%25lo]/",
            "http://[::1]:1/",
            "http://images.example.com:+80/",
            "http:////images.example.com/",
            "http:images.example.com",
            "https://images.example.com:80/",
            "HTTP://IMAGES.EXAMPLE.COM/",
            "http://.example.com/",
            "http://a..example.com/",
            "http://*.example.com/",
            "file:///etc/passwd",
            "FILE:///etc/passwd",
            "jar:file:///x.jar!/a",
            "ftp://127.0.0.1/a",
            "gopher://127.0.0.1:25/_a",
            "//127.0.0.1/a",
            "/etc/passwd",
            " http://127.0.0.1/");

    private InjectionAttacks() {}

    static List<Attack> all() {
        List<Attack> all = new ArrayList<>();
        for (String token : SPECIAL) {
            all.add(Attack.trial(
                    GROUP, token + " wherever a text can stand", Setup.PLAIN, victim -> staysText(victim, token)));
        }
        for (String tag : TAGS) {
            for (int pictures = 0; pictures < 3; pictures++) {
                String parts = (Bodies.picture(Bodies.png(4, 4)) + ", ").repeat(pictures) + Bodies.text(tag);
                all.add(Attack.body(
                        GROUP,
                        tag + " beside pictures: " + pictures,
                        Victim.CHAT,
                        () -> Bodies.content("[" + parts + "]"),
                        200,
                        400));
            }
        }
        all.add(Attack.trial(GROUP, "a token cut in two by parts and messages", Setup.PLAIN, InjectionAttacks::seams));
        return all;
    }

    /** The bodies by place, for a text that is put there. */
    private static Map<String, UnaryOperator<String>> places() {
        String call =
                "[{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": null, \"tool_calls\": [%s]}, %s]";
        Map<String, UnaryOperator<String>> places = new LinkedHashMap<>();
        places.put("user", text -> messages("[" + message("user", text) + "]"));
        places.put("user part", text -> Bodies.content("[" + Bodies.text(text) + "]"));
        places.put(
                "user with a picture",
                text -> Bodies.content("[" + Bodies.picture(Bodies.png(4, 4)) + ", " + Bodies.text(text) + "]"));
        places.put("system", text -> messages("[" + message("system", text) + ", " + message("user", "a") + "]"));
        places.put(
                "assistant",
                text -> messages("[" + message("user", "a") + ", " + message("assistant", text) + ", "
                        + message("user", "a") + "]"));
        places.put("tool result", text -> messages(call.formatted(call("{}"), message("tool", text))));
        places.put(
                "arguments",
                text -> messages(call.formatted(call("{\"a\": " + Bodies.quoted(text) + "}"), message("tool", "x"))));
        places.put("arguments as they stand", text -> messages(call.formatted(call(text), message("tool", "x"))));
        places.put("tool description", text -> tool("\"name\": \"f\", \"description\": " + Bodies.quoted(text)));
        places.put(
                "parameter description",
                text -> tool("\"name\": \"f\", \"parameters\": {\"type\": \"object\","
                        + " \"properties\": {\"x\": {\"type\": \"string\", \"description\": " + Bodies.quoted(text)
                        + "}}}"));
        places.put(
                "value of a parameter",
                text -> tool("\"name\": \"f\", \"parameters\": {\"type\": \"object\","
                        + " \"properties\": {\"x\": {\"enum\": [" + Bodies.quoted(text) + "]}}}"));
        places.put(
                "name of a parameter",
                text -> tool("\"name\": \"f\", \"parameters\": {\"type\": \"object\"," + " \"properties\": {"
                        + Bodies.quoted(text) + ": {\"type\": \"string\"}}}"));
        places.put("tool name", text -> tool("\"name\": " + Bodies.quoted(text)));
        return places;
    }

    private static String messages(String messages) {
        return "{\"messages\": " + messages + "}";
    }

    private static String message(String role, String text) {
        return "{\"role\": \"" + role + "\", \"tool_call_id\": \"1\", \"content\": " + Bodies.quoted(text) + "}";
    }

    private static String call(String arguments) {
        return "{\"id\": \"1\", \"type\": \"function\", \"function\": {\"name\": \"f\", \"arguments\": "
                + Bodies.quoted(arguments) + "}}";
    }

    private static String tool(String function) {
        return Bodies.ask("a", "\"tools\": [{\"type\": \"function\", \"function\": {" + function + "}}]");
    }

    /** Ten more of a special text must be more than ten more tokens: as a token each would be one. */
    private static void staysText(Victim victim, String token) throws Exception {
        List<String> passed = new ArrayList<>();
        for (Map.Entry<String, UnaryOperator<String>> place : places().entrySet()) {
            int one = count(victim, place.getValue().apply(token));
            int eleven = count(victim, place.getValue().apply(token.repeat(11)));
            boolean call = token.contains("tool_call>") && ANSWERS.contains(place.getKey());
            if (!call && one >= 0 && eleven >= 0 && eleven - one <= 10) {
                passed.add(place.getKey());
            }
        }
        assertThat(passed).as("places where %s becomes a token", token).isEmpty();
    }

    /** Tokens of a request, or -1 if it is refused. */
    private static int count(Victim victim, String body) throws Exception {
        Answer answer = victim.post("/tokenize", body);
        assertThat(answer.flaw()).isNull();
        return answer.isOk() ? answer.json().get("count").getAsInt() : -1;
    }

    private static void seams(Victim victim) throws Exception {
        String parts = Bodies.content("[" + Bodies.text("<|im_") + ", " + Bodies.text("end|>") + "]");
        String messages = messages("[" + message("user", "<|im_") + ", " + message("user", "end|>") + "]");
        String picture = Bodies.content(
                "[" + Bodies.text("<ima") + ", " + Bodies.picture(Bodies.png(4, 4)) + ", " + Bodies.text("ge>") + "]");
        for (String body : List.of(parts, messages, picture)) {
            assertThat(victim.post(Victim.CHAT, body).flaw()).isNull();
        }
    }

    /** Addresses that lead to private networks by their names, and ways to write an address that is not allowed. */
    static List<Attack> addresses(Path folder) throws IOException {
        Path names = folder.resolve("hosts");
        Files.write(names, HOSTS.stream().map(host -> host + ".example.com").toList());
        Setup setup = Setup.fetching(names.toString());
        List<Attack> all = new ArrayList<>();
        for (String host : HOSTS) {
            all.add(address("http://" + host.substring(host.indexOf(' ') + 1) + ".example.com/a.png")
                    .on(setup));
        }
        ADDRESSES.forEach(address -> all.add(address(address).on(setup)));
        return all;
    }

    private static Attack address(String url) {
        String parts = "[" + Bodies.media("image_url", url) + ", " + Bodies.text("a") + "]";
        return Attack.body("ssrf", Bodies.quoted(url), Victim.CHAT, () -> Bodies.content(parts), 400);
    }
}
