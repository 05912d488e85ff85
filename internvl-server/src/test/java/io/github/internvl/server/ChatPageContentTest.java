package io.github.internvl.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse.Timings;
import io.github.internvl.MetricsListener;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The content of the chat page: pictures with numbers, speeds, failures, thinking, suggestions, colors. */
class ChatPageContentTest extends ChatPageWithBrowser {
    @Test
    void numbersSeveralPicturesAsTheModelReadsThem() throws IOException {
        String question = "What differs between the two images?";
        try (Demo demo = demo();
                Browser.Page browser = page()) {
            browser.size(1200, 900, false);
            browser.open(demo.server.uri());
            browser.drop("drop", "dataTransfer", "shapes.png");
            browser.await("document.querySelectorAll('#attached img').length === 1");
            assertThat(count(browser, "#attached figcaption"))
                    .as("a single picture has no number")
                    .isZero();
            browser.drop("drop", "dataTransfer", "shapes-changed.png");
            browser.await("document.querySelectorAll('#attached figcaption').length === 2");
            browser.ask(question);
            browser.await(DONE + 1);
            assertThat(browser.value(
                                    "[...document.querySelectorAll('.shown figcaption')].map((one) => one.innerText).join()")
                            .getAsString())
                    .isEqualTo("Image-1,Image-2");
            ChatRequest same = ChatRequest.builder()
                    .text("Image-1: <image>\nImage-2: <image>\n" + question)
                    .images(List.of(
                            Image.open(DemoModel.sample("shapes.png")),
                            Image.open(DemoModel.sample("shapes-changed.png"))))
                    .build();
            assertThat(browser.text(".figures"))
                    .contains("prompt " + demo.model.prompt(same).ids().length + " (");
            assertThat(browser.text(".assistant .text"))
                    .isEqualTo(demo.model.chat(same).text());
            browser.screenshot("two-pictures");
            browser.drop("drop", "dataTransfer", "word.png");
            browser.await("document.querySelectorAll('#attached figcaption').length === 1");
            assertThat(browser.text("#attached figcaption")).isEqualTo("Image-3");
        }
    }

    @Test
    void showsTheSpeedThatTheServerMeasured() {
        BlockingQueue<MetricsListener.Ended> ended = new LinkedBlockingQueue<>();
        MetricsListener listener = new MetricsListener() {
            @Override
            public void onEnd(Ended request) {
                ended.add(request);
            }
        };
        try (Demo demo = Demo.start(options -> options, model -> model.metrics(listener));
                Browser.Page browser = page()) {
            browser.open(demo.server.uri());
            browser.click("[data-name=\"shapes.png\"]");
            browser.await("document.querySelectorAll('#attached img').length === 1");
            browser.ask(
                    "Please provide the bounding box coordinate of the region this sentence describes: <ref>star</ref>");
            browser.await(DONE + 1);
            MetricsListener.Ended request = Objects.requireNonNull(ended.poll());
            Timings times = request.timings();
            int tokens = request.usage().generatedTokens();
            double speed = Math.round((tokens - 1) / (times.decode().toNanos() / 1e9) * 10) / 10.0;
            double first = Stream.of(times.preprocess(), times.queued(), times.vision(), times.prefill())
                    .mapToDouble(time -> time.toNanos() / 1e9)
                    .sum();
            assertThat(tokens).isGreaterThan(4);
            String shown = speed == Math.rint(speed) ? String.valueOf((long) speed) : String.valueOf(speed);
            assertThat(browser.text(".figures"))
                    .startsWith(tokens + " tokens · " + shown + " tokens/s · first after ")
                    .containsPattern(String.format(Locale.ROOT, "first after (?:%.2f|%.2f) s", first, first + 0.01));
            assertThat(speed).isLessThan(24_000);
        }
    }

    @Test
    void suggestsQuestionsOnlyAboutAPicture() throws IOException {
        try (Demo demo = demo();
                Browser.Page browser = page()) {
            browser.size(1200, 800, false);
            browser.open(demo.server.uri());
            browser.await("[...document.querySelectorAll('#samples img')].every((one) => one.naturalWidth > 0)");
            assertThat(browser.value("document.querySelector('#ideas').hidden").getAsBoolean())
                    .isTrue();
            assertThat(count(browser, "#samples button")).isEqualTo(3);
            browser.screenshot("empty");
            browser.click("[data-name=\"shapes.png\"]");
            browser.await("!document.querySelector('#ideas').hidden");
            assertThat(browser.value("document.querySelector('#samples').hidden")
                            .getAsBoolean())
                    .isTrue();
            browser.screenshot("suggestions");
            browser.click("#ideas button:nth-child(2)");
            assertThat(browser.value("document.querySelector('#question').value")
                            .getAsString())
                    .isEqualTo("What color is the star?");
            browser.click("#attached button");
            assertThat(browser.value("document.querySelector('#ideas').hidden").getAsBoolean())
                    .isTrue();
            browser.drop("drop", "dataTransfer", "clip.mp4");
            browser.await("document.querySelectorAll('#attached video').length === 1");
            assertThat(browser.value("document.querySelector('#ideas').hidden").getAsBoolean())
                    .isTrue();
        }
    }

    @Test
    void tellsFailuresInWords() throws IOException {
        try (Demo demo = Demo.start(options -> options, model -> model.contextLength(256));
                Browser.Page browser = page()) {
            browser.size(1200, 800, false);
            browser.open(demo.server.uri());
            browser.drop(
                    "drop", "dataTransfer", "notes.png", "image/png", "no picture".getBytes(StandardCharsets.UTF_8));
            browser.await("document.querySelectorAll('#attached img').length === 1");
            browser.ask(STAR);
            browser.await(DONE + 1);
            assertThat(browser.text(".message.failed .text"))
                    .startsWith("notes.png is not a usable picture: an image must be PNG")
                    .doesNotContain("messages[", "image_url");
            browser.screenshot("failed");
            browser.click("#new");
            browser.ask("very ".repeat(300) + "long?");
            browser.await(DONE + 1);
            assertThat(browser.text(".message.failed .text"))
                    .isEqualTo(
                            "The chat is too long for this model. Start a new chat, attach fewer pictures, or lower the"
                                    + " tiles in Settings.");
            browser.module("store.js", "module.keepSettings({...module.settings(), temperature: '0.5', topP: '3'})");
            browser.open(demo.server.uri());
            browser.ask(STAR);
            browser.await(DONE + 1);
            assertThat(browser.text(".message.failed .text")).startsWith("Top-p in Settings must be 0..1");
            browser.drop("drop", "dataTransfer", "notes.txt", "text/plain", new byte[] {65});
            browser.await("document.querySelectorAll('.failed').length === 2");
            assertThat(browser.text(".message.failed:last-child .text"))
                    .isEqualTo("notes.txt is neither a picture nor a clip. Attach a PNG, JPEG, WebP or MP4 file.");
            demo.server.close();
            browser.click("#new");
            browser.ask(STAR);
            browser.await(DONE + 1);
            assertThat(browser.text(".message.failed .text"))
                    .isEqualTo("The server cannot be reached. Check that it runs, and ask again.");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "401 | invalid_api_key   | the key | The server does not accept this API key. Correct it in Settings.",
                "429 | server_busy       | busy    | The server is busy. Ask again in 7 s.",
                "413 | request_too_large | bytes   | The pictures are too large for this server. Attach fewer or smaller ones.",
                "503 | out_of_memory     | none    | The model has no memory left for this question. Attach fewer pictures, or start a new chat.",
                "503 | engine_stopped    | x       | The model has stopped. Restart the server.",
                "408 | timeout           | x       | The time for this answer is over. Ask again, or ask for less.",
                "500 | internal_error    | the cause is in its log under request id ab12 | The server failed to answer. Its log has the cause under ab12."
            })
    void knowsTheFailuresOfTheServer(int status, String code, String message, String words) {
        try (Demo demo = demo();
                Browser.Page browser = page()) {
            browser.open(demo.server.uri());
            JsonObject failure = new JsonObject();
            JsonObject error = new JsonObject();
            error.addProperty("code", code);
            error.addProperty("message", message);
            failure.addProperty("status", status);
            failure.add("error", error);
            failure.addProperty("wait", "7");
            failure.addProperty("key", true);
            assertThat(browser.module("failures.js", "module.inWords(" + failure + ")")
                            .getAsString())
                    .isEqualTo(words);
        }
    }

    @Test
    void foldsTheThinkingOnceTheAnswerBegins(@TempDir Path folder) throws IOException {
        try (Stream<Path> files = Files.list(DemoModel.path())) {
            for (Path file : files.toList()) {
                Path copy = Files.copy(file, folder.resolve(String.valueOf(file.getFileName())));
                if (copy.toString().endsWith(".json")) {
                    Files.writeString(copy, Files.readString(copy).replace("tool_call>", "think>"));
                }
            }
        }
        try (Demo demo = Demo.start(folder, options -> options, model -> model);
                Browser.Page browser = page()) {
            int start = demo.model.tokenizer().id("<think>").orElseThrow();
            int end = demo.model.tokenizer().id("</think>").orElseThrow();
            browser.size(1200, 800, false);
            browser.open(demo.server.uri());
            biased(browser, "max_tokens: 3, logit_bias: {" + start + ": 100}");
            browser.ask("Why?");
            browser.await(DONE + 1);
            assertThat(browser.text(".thinking .text")).isEqualTo("<think><think>");
            assertThat(browser.value("document.querySelector('.thinking').open").getAsBoolean())
                    .isTrue();
            assertThat(browser.text(".assistant > .text")).isEqualTo("The model gave an empty answer.");

            biased(
                    browser,
                    "max_tokens: 8, temperature: 1, seed: " + thinkingSeed(demo, start, end) + ", logit_bias: {" + start
                            + ": 100, " + end + ": 100}");
            browser.click("#new");
            browser.ask("Why?");
            browser.await(DONE + 1);
            assertThat(browser.value("document.querySelector('.thinking').open").getAsBoolean())
                    .isFalse();
            assertThat(browser.value("document.querySelector('.thinking .text').textContent")
                            .getAsString())
                    .isNotEmpty();
            assertThat(browser.text(".assistant > .text")).contains("think>");
            browser.click(".thinking summary");
            assertThat(browser.value("document.querySelector('.thinking').open").getAsBoolean())
                    .isTrue();
            browser.screenshot("thinking");

            browser.open(demo.server.uri());
            browser.await("document.querySelector('#chats .title')");
            browser.click("#chats .title");
            browser.await("document.querySelector('.thinking') && !document.querySelector('.thinking').open");
        }
    }

    /** Adds fields to each question that the page sends. */
    private static void biased(Browser.Page browser, String fields) {
        browser.value("(() => { window.usual ??= window.fetch; window.fetch = (place, options) => window.usual(place,"
                + " options?.body ? {...options, body: JSON.stringify({...JSON.parse(options.body), " + fields
                + "})} : options); })()");
    }

    /** A seed with which the model thinks, ends its thinking, and goes on. */
    private static int thinkingSeed(Demo demo, int start, int end) {
        for (int seed = 0; seed < 200; seed++) {
            JsonObject message = Demo.choice(
                            demo.chat(Demo.ask(
                                    "\"Why?\"",
                                    "\"max_tokens\": 8, \"temperature\": 1, \"seed\": " + seed + ", \"logit_bias\": {\""
                                            + start + "\": 100, \"" + end + "\": 100}")),
                            0)
                    .getAsJsonObject("message");
            if (message.has("reasoning_content")
                    && !message.get("content").getAsString().isBlank()) {
                return seed;
            }
        }
        throw new AssertionError("no seed thinks and answers");
    }

    @Test
    void givesTheTitleOfAChatRoom() {
        String question = "Please describe the image shortly, and name its largest shape.";
        try (Demo demo = demo();
                Browser.Page browser = page()) {
            browser.size(1200, 800, false);
            browser.open(demo.server.uri());
            browser.ask(question);
            browser.await(DONE + 1);
            browser.await("document.querySelector('#chats .title')");
            assertThat(browser.text("#title")).isEqualTo(question);
            assertThat(browser.value("document.title").getAsString()).isEqualTo(question + " · InternVL");
            assertThat(browser.value("(() => { const title = document.querySelector('#title');"
                                    + " return title.scrollWidth <= title.clientWidth; })()")
                            .getAsBoolean())
                    .as("the title is not cut")
                    .isTrue();
            assertThat(browser.value("(() => { const title = document.querySelector('#chats .title');"
                                    + " return title.clientHeight > 1.8 * 24; })()")
                            .getAsBoolean())
                    .as("two lines at the side")
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"light", "dark"})
    void givesTextsEnoughContrast(String theme) throws IOException {
        try (Demo demo = demo();
                Browser.Page browser = page()) {
            browser.size(1200, 800, false);
            browser.open(demo.server.uri());
            browser.module("store.js", "module.keepSettings({...module.settings(), theme: '" + theme + "'})");
            browser.open(demo.server.uri());
            browser.click("[data-name=\"shapes.png\"]");
            browser.await("document.querySelectorAll('#attached img').length === 1");
            browser.ask(STAR);
            browser.await(DONE + 1);
            browser.screenshot(theme);
            browser.click("#settings-open");
            for (String selector : List.of(
                    "#question::placeholder",
                    "#question",
                    ".figures",
                    ".foot button",
                    ".note",
                    ".pill",
                    "#title",
                    ".user .text",
                    ".assistant .text",
                    ".hint",
                    "dialog input",
                    "dialog .primary")) {
                assertThat(contrast(browser, selector))
                        .as("contrast of %s when %s", selector, theme)
                        .isGreaterThanOrEqualTo(4.5);
            }
        }
    }

    /** The contrast ratio of a text and its background, as WCAG 2 defines it. */
    private static double contrast(Browser.Page browser, String selector) {
        int pseudo = selector.indexOf("::");
        String element = pseudo < 0 ? selector : selector.substring(0, pseudo);
        return browser.value("(() => {"
                        + "const numbers = (color) => color.match(/[\\d.]+/g).map(Number);"
                        + "const light = (color) => { const [r, g, b] = numbers(color).map((value) => value / 255)"
                        + "  .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);"
                        + "  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };"
                        + "let place = document.querySelector('" + element + "');"
                        + "const text = light(getComputedStyle(place, "
                        + (pseudo < 0 ? "null" : "'" + selector.substring(pseudo) + "'") + ").color);"
                        + "while (numbers(getComputedStyle(place).backgroundColor)[3] === 0) place = place.parentElement;"
                        + "const back = light(getComputedStyle(place).backgroundColor);"
                        + "return (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05); })()")
                .getAsDouble();
    }
}
