package io.github.internvl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatStream;
import io.github.internvl.Conversation;
import io.github.internvl.GenerationConfig;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ChatPageTest extends ChatPageWithBrowser {
    private static final String GROUNDING =
            "Please provide the bounding box coordinate of the region this sentence" + " describes: <ref>%s</ref>";

    private static Demo demo(UnaryOperator<ServerOptions.Builder> options) {
        return Demo.start(options, model -> model.maxConcurrent(1));
    }

    @Test
    void isAFileOfTheServerThatAsksNobodyElse() {
        try (Demo demo = demo()) {
            HttpResponse<String> page = demo.get("/");
            assertThat(page.headers().firstValue("content-security-policy").orElseThrow())
                    .contains("default-src 'none'", "connect-src 'self'");
            assertThat(page.body()).contains("page/app.js").doesNotContain("https://");
            assertThat(demo.get("/page/app.js").statusCode()).isEqualTo(200);
            assertThat(demo.get("/page/..%2f..%2fSite.class").statusCode()).isBetween(400, 404);
        }
        try (Demo demo = demo(options -> options.chatPage(false))) {
            assertThat(demo.get("/").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void asksAboutPicturesAndKeepsTheChat() throws IOException {
        try (Demo demo = demo();
                Browser.Page browser = page()) {
            browser.size(1200, 800, false);
            browser.open(demo.server.uri());
            browser.screenshot("empty");
            browser.choose("#files", DemoModel.sample("shapes.png"));
            browser.await("document.querySelectorAll('#attached img').length === 1");
            browser.ask(STAR);
            browser.await(DONE + 1);
            String own = demo.model
                    .chat(STAR, Image.open(DemoModel.sample("shapes.png")))
                    .text();
            assertThat(browser.text(".message.assistant .text")).isEqualTo(own);
            assertThat(browser.text(".message.assistant .figures")).contains("tokens", "first after", "visual");
            browser.ask("How many circles are there?");
            browser.await(DONE + 2);
            browser.screenshot("answered");

            browser.open(demo.server.uri());
            assertThat(browser.value("document.querySelectorAll('.message').length")
                            .getAsInt())
                    .isZero();
            browser.click("#chats .title");
            browser.await("document.querySelectorAll('.message').length === 4");
            assertThat(browser.text("#chats .title")).isEqualTo(STAR);
            assertThat(browser.text(".message.assistant .text")).isEqualTo(own);
            browser.await("document.querySelector('.shown img').naturalWidth > 0");
            browser.click("#chats .delete");
            browser.await("document.querySelectorAll('#chats li').length === 0");
            assertThat(browser.requested())
                    .allSatisfy(url -> assertThat(url)
                            .matches(u -> u.startsWith(demo.server.uri().toString())
                                    || u.startsWith("data:")
                                    || u.startsWith("about:")));
            assertThat(browser.complaints()).isEmpty();
        }
    }

    @Test
    void drawsTheBoxesOfAnAnswer() throws IOException {
        String question = GROUNDING.formatted("green star");
        try (Demo demo = demo();
                Browser.Page browser = page()) {
            ChatResponse own = demo.model.chat(question, Image.open(DemoModel.sample("shapes.png")));
            assertThat(own.boxes()).isNotEmpty();
            browser.size(1200, 1000, false);
            browser.open(demo.server.uri());
            browser.drop("drop", "dataTransfer", "shapes.png");
            browser.await("document.querySelectorAll('#attached img').length === 1");
            browser.ask(question);
            browser.await(DONE + 1);
            assertThat(browser.value("document.querySelectorAll('.box').length").getAsInt())
                    .isEqualTo(own.boxes().size());
            assertThat(browser.value("parseFloat(document.querySelector('.box').style.left)")
                            .getAsDouble())
                    .isEqualTo(own.boxes().get(0).x1() / 10.0);
            browser.screenshot("boxes");
        }
    }

    @Test
    void looksAsTheReadmeShows() throws IOException {
        Image shapes = Image.open(DemoModel.sample("shapes.png"));
        String question = GROUNDING.formatted("green star");
        try (Demo demo = Demo.start(options -> options.modelName("internvl-demo"), model -> model);
                Browser.Page browser = page()) {
            browser.size(900, 700, false);
            browser.open(demo.server.uri());
            browser.click("[data-name=\"shapes.png\"]");
            browser.await("document.querySelectorAll('#attached img').length === 1");
            browser.ask(question);
            browser.await(DONE + 1);
            browser.ask("What color is the square?");
            browser.await(DONE + 2);
            Conversation same = demo.model.conversation();
            ChatResponse located = same.ask(question, shapes);
            assertThat(browser.text(".message.assistant .text")).isEqualTo(located.text());
            assertThat(browser.text(".message.assistant:last-child .text"))
                    .isEqualTo(same.ask("What color is the square?").text());
            browser.screenshot("chat-page");
        }
    }

    @Test
    void worksOnAPhoneAndInTheDark() throws IOException {
        try (Demo demo = demo();
                Browser.Page browser = page()) {
            browser.size(390, 780, true);
            browser.open(demo.server.uri());
            browser.click("#settings-open");
            browser.screenshot("phone-settings");
            browser.value("document.querySelector('[name=theme]').value = 'dark'");
            browser.value("document.querySelector('[name=tiles]').value = '1'");
            browser.click("#settings button");
            browser.await("document.documentElement.dataset.theme === 'dark'");
            browser.drop("paste", "clipboardData", "clip.mp4");
            browser.await("document.querySelectorAll('#attached video').length === 1");
            browser.ask("What moves?");
            browser.await(DONE + 1);
            assertThat(browser.text(".message.assistant .text")).isNotEmpty();
            assertThat(browser.value("document.querySelectorAll('.failed').length")
                            .getAsInt())
                    .isZero();
            browser.drop("paste", "clipboardData", "shapes-wide.png");
            browser.await("document.querySelectorAll('#attached img').length === 1");
            browser.ask(GROUNDING.formatted("red circle"));
            browser.await(DONE + 2);
            browser.screenshot("phone-dark");
            assertThat(browser.value("document.documentElement.scrollWidth").getAsInt())
                    .isLessThanOrEqualTo(390);
            browser.click("#menu");
            browser.await(
                    "document.querySelector('#history.open') && getComputedStyle(document.querySelector('#history'))"
                            + ".visibility === 'visible'");
            browser.await("document.querySelector('#history').getBoundingClientRect().left === 0");
            browser.screenshot("phone-menu");
            browser.press("Escape", 27);
            browser.await("!document.querySelector('#history.open')");
        }
    }

    @Test
    void stopsAnAnswer() throws IOException {
        GenerationConfig endless =
                GenerationConfig.builder().ignoreEnd(true).maxNewTokens(4000).build();
        try (Demo demo = demo();
                Browser.Page browser = page()) {
            browser.open(demo.server.uri());
            try (ChatStream other = demo.model.stream(ChatRequest.builder()
                    .text("Who are you?")
                    .generation(endless)
                    .build())) {
                assertThat(other.iterator().hasNext()).isTrue();
                browser.ask(STAR);
                browser.await("!document.querySelector('#stop').hidden");
                browser.press("Escape", 27);
                browser.await(DONE + 1);
                assertThat(browser.text(".message.assistant .figures")).contains("stopped");
            }
            browser.ask(STAR);
            browser.await(DONE + 2);
            assertThat(browser.text(".message.assistant:last-child .text")).isNotEmpty();
        }
    }

    @Test
    void saysWhatIsWrong() throws IOException {
        try (Demo demo = demo(options -> options.apiKeys(List.of("secret")));
                Browser.Page browser = page()) {
            browser.open(demo.uri("/"), false);
            browser.ask(STAR);
            browser.await(DONE + 1);
            assertThat(browser.text(".message.failed .text"))
                    .isEqualTo("This server requires an API key. Enter it in Settings.");
            browser.screenshot("refused");
            browser.click("#settings-open");
            browser.value("document.querySelector('[name=key]').value = 'secret'");
            browser.click("#settings button");
            browser.await("document.querySelector('#model').textContent === 'demo'");
            browser.click(".foot button");
            browser.await("document.querySelectorAll('.failed').length === 0 && " + DONE + 1);
        }
    }
}
