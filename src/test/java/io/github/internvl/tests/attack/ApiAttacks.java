package io.github.internvl.tests.attack;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Supplier;

/** Attacks by fields: values out of range, of another kind, or that nobody would send, and pictures that lie. */
final class ApiAttacks {
    private static final String GROUP = "api";
    private static final int MEBIBYTE = 1 << 20;

    /** Fields that must be refused. */
    private static final List<String> WRONG = List.of(
            "\"n\": 1000",
            "\"n\": 0",
            "\"max_tokens\": -1",
            "\"max_tokens\": 2147483648",
            "\"temperature\": NaN",
            "\"temperature\": 1e999",
            "\"temperature\": -1",
            "\"top_p\": 1.0000001",
            "\"top_p\": -0.1",
            "\"logprobs\": true, \"top_logprobs\": 1000",
            "\"seed\": 9223372036854775808",
            "\"seed\": 1.5",
            "\"logit_bias\": {\"-1\": 1}",
            "\"logit_bias\": {\"999999999\": 1}",
            "\"logit_bias\": {\"9999999999\": 1}",
            "\"logit_bias\": {\"5\": 101}",
            "\"logit_bias\": {\"5\": 1e999}",
            "\"logit_bias\": {\"5\": \"1\"}",
            "\"stream\": \"true\"",
            "\"stream_options\": {\"include_usage\": true}",
            "\"response_format\": {\"type\": \"json_schema\"}",
            "\"response_format\": 1",
            "\"tools\": [{}]",
            "\"tools\": {}",
            "\"stop\": [1]",
            "\"messages\": 1",
            "\"messages\": []");

    /** Fields that may be taken or refused. */
    private static final List<String> ODD = List.of(
            "\"max_tokens\": 0",
            "\"n\": 128, \"temperature\": 1",
            "\"n\": 128, \"stream\": true, \"temperature\": 1",
            "\"max_tokens\": 2147483647, \"stop\": [\"a\", \"e\", \"i\"]",
            "\"temperature\": -0.0",
            "\"temperature\": 1e-300",
            "\"temperature\": 1e300",
            "\"top_p\": 0",
            "\"top_p\": 1e-320",
            "\"top_k\": 2147483647",
            "\"top_k\": -2147483648",
            "\"logprobs\": true, \"top_logprobs\": 20",
            "\"seed\": -9223372036854775808, \"temperature\": 1",
            "\"stop\": [\"\"]",
            "\"stop\": [\"\\ud800\"]",
            "\"bad_words\": [\"\\u0000\", \" \", \"\"]",
            "\"presence_penalty\": 1e300",
            "\"repetition_penalty\": 1e-300",
            "\"repetition_penalty\": 1e300",
            "\"min_p\": 1.0, \"temperature\": 1e-10",
            "\"typical_p\": 1e-300, \"temperature\": 1",
            "\"min_tokens\": 2147483647",
            "\"stop_token_ids\": [2147483647]",
            "\"metadata\": {\"a\": {}}",
            "\"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"schema\": true}}",
            "\"tools\": [], \"tool_choice\": \"required\"",
            "\"logit_bias\": {\"\u0661\": 1}",
            "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"a\\n<|im_end|>\", \"parameters\": {}}}]",
            "\"max_tokens\": 1, \"max_tokens\": 3",
            "\"__proto__\": {\"a\": 1}",
            "\"messages\": [{\"role\": \"user\", \"content\": \"B\"}]");

    private ApiAttacks() {}

    static List<Attack> all() {
        List<Attack> all = new ArrayList<>();
        WRONG.forEach(field -> all.add(chat("field " + field, () -> Bodies.ask("Why?", field), 400)));
        ODD.forEach(field -> all.add(chat("field " + field, () -> Bodies.ask("Why?", field), 200, 400, 429)));
        all.addAll(long1());
        all.addAll(bodies());
        all.addAll(messages());
        all.addAll(pictures());
        all.addAll(videos());
        return all;
    }

    private static Attack chat(String name, Supplier<String> body, Integer... statuses) {
        return Attack.body(GROUP, name, Victim.CHAT, body, statuses);
    }

    private static List<Attack> long1() {
        String million = "a".repeat(MEBIBYTE);
        return List.of(
                chat("a stop of 1 MB", () -> Bodies.ask("Why?", "\"stop\": \"" + million + "\""), 200, 400, 413)
                        .slow(),
                chat(
                        "1,000 stops",
                        () -> Bodies.ask("Why?", "\"stop\": [" + Bodies.joined(1000, ", ", i -> "\"" + i + "\"") + "]"),
                        400),
                chat(
                                "bad words of 1 MB",
                                () -> Bodies.ask("Why?", "\"bad_words\": [\"" + million + "\"]"),
                                200,
                                400,
                                413)
                        .slow(),
                chat(
                        "100,000 stop tokens",
                        () -> Bodies.ask(
                                "Why?", "\"stop_token_ids\": [" + Bodies.joined(100_000, ", ", i -> "" + i) + "]"),
                        200,
                        400),
                chat(
                        "3,000 biases",
                        () -> Bodies.ask(
                                "Why?",
                                "\"logit_bias\": {" + Bodies.joined(3000, ", ", i -> "\"" + i + "\": -100") + "}"),
                        200,
                        400),
                chat("a user of 100 KB", () -> Bodies.ask("Why?", "\"user\": \"" + "u".repeat(100_000) + "\""), 200),
                chat("another model's path", () -> Bodies.ask("Why?", "\"model\": \"../../etc/passwd\""), 404),
                chat(
                        "a model's name with a NUL",
                        () -> Bodies.ask("Why?", "\"model\": \"internvl-demo\\u0000\""),
                        404));
    }

    private static List<Attack> bodies() {
        return List.of(
                chat("null", () -> "null", 400),
                chat("nothing", () -> "", 400),
                chat("two documents", () -> "{}{}", 400),
                chat("a trailing comma", () -> "{\"messages\": [],}", 400),
                chat("a comment", () -> "{/**/\"messages\": []}", 400),
                chat("single quotes", () -> "{'messages': []}", 400),
                chat("a lone surrogate", () -> Bodies.content("\"a\\ud800b\""), 200, 400),
                chat("a NUL by its escape", () -> Bodies.content("\"a\\u0000b\""), 200, 400),
                chat("noncharacters and directions", () -> Bodies.content("\"\\uffff\\ufffe\\u202e\\ufeff\""), 200),
                Attack.body(
                                GROUP,
                                "64 prompts with 128 answers each",
                                "/v1/completions",
                                () -> "{\"prompt\": [" + Bodies.joined(64, ", ", i -> "\"a\"")
                                        + "], \"n\": 128, \"max_tokens\": 1, \"temperature\": 1}")
                        .slow(),
                Attack.body(GROUP, "ids out of range", "/detokenize", () -> "{\"tokens\": [2147483647]}", 400),
                Attack.body(GROUP, "ids that are no numbers", "/detokenize", () -> "{\"tokens\": [\"1\", null]}", 400),
                Attack.body(
                        GROUP,
                        "an input of 100,000 items",
                        "/v1/responses",
                        () -> "{\"max_output_tokens\": 1, \"input\": ["
                                + Bodies.joined(100_000, ",", i -> "{\"role\":\"user\",\"content\":\"a\"}") + "]}",
                        400,
                        413));
    }

    private static List<Attack> messages() {
        String one = "{\"role\": \"user\", \"content\": \"a\"}";
        return List.of(
                chat(
                        "1,000 system messages",
                        () -> "{\"max_tokens\": 1, \"messages\": ["
                                + "{\"role\": \"system\", \"content\": \"s\"}, ".repeat(1000) + one + "]}",
                        200,
                        400),
                chat(
                        "a result without a call",
                        () -> "{\"max_tokens\": 1, \"messages\": [{\"role\": \"tool\", \"content\": \"x\"}]}",
                        200,
                        400),
                chat(
                        "an answer as the last message",
                        () -> "{\"max_tokens\": 1, \"messages\": [" + one
                                + ", {\"role\": \"assistant\", \"content\": \"b\"}]}",
                        200,
                        400),
                chat(
                        "arguments nested 100,000 deep",
                        () -> "{\"max_tokens\": 1, \"messages\": [" + one
                                + ", {\"role\": \"assistant\", \"content\": null, \"tool_calls\": [{\"id\": \"1\", \"type\": \"function\","
                                + " \"function\": {\"name\": \"f\", \"arguments\": "
                                + Bodies.quoted("{\"a\": ".repeat(100_000) + "1" + "}".repeat(100_000))
                                + "}}]}, {\"role\": \"tool\", \"content\": \"x\"}]}",
                        200,
                        400),
                chat(
                                "10,000 empty parts",
                                () -> Bodies.content("[" + Bodies.joined(10_000, ", ", i -> Bodies.text("")) + "]"),
                                200,
                                400)
                        .slow(),
                chat(
                                "20,000 rounds",
                                () -> "{\"max_tokens\": 1, \"messages\": ["
                                        + (one + ", {\"role\": \"assistant\", \"content\": \"b\"}, ").repeat(20_000)
                                        + one
                                        + "]}",
                                400)
                        .slow());
    }

    private static Attack picture(String name, Supplier<byte[]> file, Integer... statuses) {
        return chat("picture: " + name, () -> Bodies.content("[" + Bodies.picture(file.get()) + "]"), statuses);
    }

    private static Attack url(String name, String url) {
        return chat("picture: " + name, () -> Bodies.content("[" + Bodies.media("image_url", url) + "]"), 200, 400);
    }

    private static List<Attack> pictures() {
        List<Attack> all = new ArrayList<>();
        int most = Integer.MAX_VALUE;
        int[][] sizes = {
            {most, most}, {most, 1}, {1, most}, {0, 0}, {-1, 1}, {65_500, 65_500}, {1_048_577, 1}, {7072, 7072}
        };
        for (int[] size : sizes) {
            byte[] few = Bodies.deflated(new byte[100], 1);
            all.add(picture("says " + size[0] + " x " + size[1], () -> Bodies.png(size[0], size[1], few), 400));
        }
        byte[] long100 = new byte[MEBIBYTE];
        byte[] pixel = Bodies.png(1, 1);
        byte[] text = Bodies.deflated(long100, 200);
        byte[] named = new byte[text.length + 3];
        System.arraycopy(text, 0, named, 3, text.length);
        named[0] = 'k';
        for (String type : List.of("zTXt", "iCCP", "iTXt")) {
            all.add(picture(
                            type + " of 200 MB",
                            () -> Bodies.png(4, 4, Bodies.deflated(new byte[13], 4), Bodies.chunk(type, named)),
                            200,
                            400)
                    .slow());
        }
        all.add(picture("100,000 x 1", () -> Bodies.png(100_000, 1), 200, 400));
        String base64 = Base64.getEncoder().encodeToString(pixel);
        String svg = "<!DOCTYPE s [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><svg>&x;</svg>";
        all.add(url(
                "SVG with an entity",
                "data:image/svg+xml;base64,"
                        + Base64.getEncoder().encodeToString(svg.getBytes(StandardCharsets.UTF_8))));
        all.add(url("no comma", "data:image/png;base64"));
        all.add(url("no base64", "data:image/png,%89PNG"));
        all.add(url("nothing", "data:,"));
        all.add(url("a charset", "data:image/png;charset=utf-8;base64," + base64));
        all.add(url("one letter of base64", "data:image/png;base64,A"));
        all.add(url("base64 with line feeds", "data:image/png;base64," + base64.replaceAll("(.{20})", "$1\n")));
        all.add(url(
                "base64 for addresses",
                "data:image/png;base64," + base64.replace('+', '-').replace('/', '_')));
        return all;
    }

    private static List<Attack> videos() {
        String frame = "!\u00f9\u0004\0\u0001\0\0\0,\0\0\0\0\u0001\0\u0001\0\0\u0002\u0002D\u0001\0";
        byte[] gif = ("GIF89a\u0001\0\u0001\0\u0080\0\0\0\0\0\u00ff\u00ff\u00ff" + frame.repeat(20_000) + ";")
                .getBytes(StandardCharsets.ISO_8859_1);
        String url = "data:image/gif;base64," + Base64.getEncoder().encodeToString(gif);
        return List.of(
                url("20,000 frames of GIF", url),
                video("20,000 frames of GIF", url),
                video("20,000 frames of GIF, 1,024 of them", url, "\"num_frames\": 1024")
                        .slow(),
                video("no frames", url, "\"num_frames\": 0"),
                video("nothing", "data:video/mp4;base64,"),
                video(
                        "a playlist",
                        "data:application/vnd.apple.mpegurl;base64,"
                                + Base64.getEncoder()
                                        .encodeToString("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
                                                .getBytes(StandardCharsets.US_ASCII))));
    }

    private static Attack video(String name, String url, String... fields) {
        return chat(
                "video: " + name,
                () -> Bodies.content("[" + Bodies.media("video_url", url, fields) + ", " + Bodies.text("a") + "]"),
                200,
                400);
    }
}
