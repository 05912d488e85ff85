package io.github.internvl.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Attacks on who may ask: keys, the limit of a key, pages of other origins, and what stands in the log. */
final class AccessAttacks {
    private static final String AUTH = "auth";
    private static final String CORS = "cors";
    private static final String SECRET = "TOPSECRETPROMPT";
    private static final List<String> PATHS = List.of(
            "/v1/models",
            "/metrics",
            "/v1/models/",
            "//v1/models",
            "/v1//models",
            "/v1/./models",
            "/health/../metrics",
            "/health/%2e%2e/metrics",
            "/health/..%2fmetrics",
            "/%6detrics",
            "/metrics;a=b",
            "/metrics%00",
            "/metrics/",
            "/METRICS",
            "/v1/models%2f..%2f..%2fmetrics",
            "/page/../metrics",
            "/page/..%2f..%2fetc%2fpasswd",
            "/page/%2e%2e%2f%2e%2e%2f",
            "/page/..;/..;/metrics",
            "/page/..%5c..%5c",
            "/metrics?x=/health",
            "/metrics#/health",
            "/version",
            "/ready/../version",
            "/\\metrics",
            "/v1/models/..%252fmetrics",
            "/health;/../metrics",
            "/./metrics",
            "/page/app.js%00.png");
    private static final List<String> ORIGINS = List.of(
            "null",
            "https://ok.example",
            "https://ok.example.evil",
            "https://evil.ok.example",
            "http://ok.example",
            "https://OK.example",
            "https://ok.example:443",
            "*",
            "https://ok.example, https://evil",
            "file://");

    private AccessAttacks() {}

    static List<Attack> all() {
        List<Attack> all = new ArrayList<>();
        PATHS.forEach(path -> all.add(keyless("GET", path)));
        for (String method : List.of("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "FOO")) {
            all.add(keyless(method, "/metrics"));
        }
        keys().forEach((name, headers) -> all.add(refused(name, headers)));
        all.add(accepted("the word bearer in lower case", "authorization: bearer s3cret\r\n"));
        all.addAll(limits());
        ORIGINS.forEach(origin -> {
            all.add(asked(origin));
            all.add(preflight(origin));
        });
        all.add(Attack.trial("log", "prompts, names and forged lines", Setup.PLAIN, AccessAttacks::log));
        return all;
    }

    private static byte[] request(String line, String headers) {
        return (line + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "Connection: close\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    private static Attack keyless(String method, String path) {
        return Attack.trial(AUTH, "without a key " + method + " " + path, Setup.KEYED, victim -> {
            Victim.Raw raw = victim.raw(request(method + " " + path, ""), 1);
            assertThat(raw.statuses()).as(raw.text()).isNotEmpty().allMatch(status -> status < 500);
            assertThat(raw.text()).doesNotContain("internvl_http", "\"object\":\"list\"", "root:", "\"version\"");
            if (method.equals("GET")) {
                assertThat(raw.statuses()).first().isIn(400, 401, 404, 405);
            }
        });
    }

    private static Map<String, String> keys() {
        return Map.ofEntries(
                Map.entry(
                        "a wrong key before the right one",
                        "Authorization: Bearer x\r\nAuthorization: Bearer s3cret\r\n"),
                Map.entry("two keys in one", "Authorization: Bearer s3cret,other\r\n"),
                Map.entry("the key as a password", "Authorization: Basic OnMzY3JldA==\r\n"),
                Map.entry("the key without its word", "Authorization: s3cret\r\n"),
                Map.entry("the key in another header", "X-Api-Key: s3cret\r\napi-key: s3cret\r\n"),
                Map.entry("the key in a cookie", "Cookie: Authorization=Bearer s3cret\r\n"),
                Map.entry("a NUL behind the key", "Authorization: Bearer s3cret\0\r\n"),
                Map.entry("a no-break space behind the key", "Authorization: Bearer s3cret\u00a0\r\n"),
                Map.entry("an ideographic space behind the key", "Authorization: Bearer s3cret\u00e3\u0080\u0080\r\n"),
                Map.entry("the beginning of the key", "Authorization: Bearer s3cre\r\n"),
                Map.entry("the key and more", "Authorization: Bearer s3cretx\r\n"),
                Map.entry("the key in capitals", "Authorization: Bearer S3CRET\r\n"),
                Map.entry("an empty key", "Authorization: Bearer \r\n"),
                Map.entry("no header at all", ""),
                Map.entry("a key of 7 KB", "Authorization: Bearer " + "a".repeat(7000) + "\r\n"));
    }

    private static Attack refused(String name, String headers) {
        return Attack.trial(AUTH, name, Setup.KEYED, victim -> {
            Victim.Raw raw = victim.raw(request("GET /v1/models?api_key=s3cret&access_token=s3cret", headers), 1);
            assertThat(raw.statuses()).as(raw.text()).first().isIn(400, 401);
            assertThat(raw.text()).doesNotContain("\"object\":\"list\"");
        });
    }

    private static Attack accepted(String name, String headers) {
        return Attack.trial(
                AUTH,
                name,
                Setup.KEYED,
                victim -> assertThat(victim.raw(request("GET /v1/models", headers), 1)
                                .statuses())
                        .containsExactly(200));
    }

    private static List<Attack> limits() {
        return List.of(
                Attack.trial(AUTH, "other addresses in headers, to pass a key's limit", Setup.LIMITED, victim -> {
                    int answered = 0;
                    for (int i = 0; i < 12; i++) {
                        Answer answer = victim.post(
                                Victim.CHAT,
                                Bodies.ask("Why?"),
                                "X-Forwarded-For",
                                "10.0.0." + i,
                                "X-Real-IP",
                                "10.0.1." + i,
                                "Forwarded",
                                "for=10.0.2." + i);
                        assertThat(answer.isOk() || answer.status() == 429)
                                .as(answer.shown())
                                .isTrue();
                        answered += answer.isOk() ? 1 : 0;
                    }
                    assertThat(answered).isLessThan(10); // the limit refills by one each ten seconds
                }),
                Attack.trial(AUTH, "a key written otherwise, to pass its limit", Setup.LIMITED, victim -> {
                    int answered = 0;
                    for (int i = 0; i < 12; i++) {
                        String key = List.of("bearer s3cret", "BEARER s3cret", "Bearer  s3cret")
                                .get(i % 3);
                        Answer answer = victim.post(Victim.CHAT, Bodies.ask("Why?"), "Authorization", key);
                        answered += answer.isOk() ? 1 : 0;
                    }
                    assertThat(answered).isLessThan(10);
                }));
    }

    private static Attack asked(String origin) {
        return Attack.trial(CORS, "origin " + origin, Setup.CORS, victim -> {
            Victim.Raw raw = victim.raw(request("GET /v1/models", "Origin: " + origin + "\r\n"), 1);
            checkOrigin(origin, raw.text());
        });
    }

    private static Attack preflight(String origin) {
        return Attack.trial(CORS, "preflight of " + origin, Setup.CORS, victim -> {
            String headers = "Origin: " + origin
                    + "\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n";
            checkOrigin(
                    origin,
                    victim.raw(request("OPTIONS /v1/chat/completions", headers), 1)
                            .text());
        });
    }

    private static void checkOrigin(String origin, String answer) {
        String allowed = answer.lines()
                .filter(line -> line.regionMatches(true, 0, "access-control-allow-origin:", 0, 28))
                .map(line -> line.substring(28).strip())
                .findFirst()
                .orElse("");
        assertThat(allowed).isEqualTo(origin.equals("https://ok.example") ? origin : "");
    }

    private static void log(Victim victim) throws Exception {
        victim.get("/v1/models/%0d%0aFORGED%20LINE", "X-Request-Id", "a b\tc");
        victim.get("/v1/models/x?" + SECRET + "=1");
        victim.post(Victim.CHAT, Bodies.ask(SECRET));
        victim.post(Victim.CHAT, "{\"messages\": " + SECRET);
        victim.post(Victim.CHAT, "{\"" + SECRET + "\": 1, \"messages\": [{\"role\": \"" + SECRET + "\"}]}");
        victim.post(Victim.CHAT, Bodies.regex(SECRET + "["));
        victim.post(Victim.CHAT, Bodies.schema("{\"type\": \"" + SECRET + "\"}"));
        victim.post("/tokenize", "{\"prompt\": \"" + SECRET + "\"}");
        assertThat(victim.process().log()).doesNotContain(SECRET, "\nFORGED");
    }
}
