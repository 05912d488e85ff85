package io.github.internvl.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The Markdown of answers on the chat page, and hostile answers. */
class ChatPageMarkdownTest extends ChatPageWithBrowser {
    private static String quoted(String text) {
        return new Gson().toJson(text);
    }

    /** The markup that the page makes of an answer, which stays in the page. */
    private static String rendered(Browser.Page browser, String markdown) {
        return browser.module(
                        "markdown.js",
                        "{ const place = document.createElement('div'); document.body.append(place);"
                                + " place.append(module.rendered(" + quoted(markdown) + ")); return place.innerHTML; }")
                .getAsString();
    }

    /** Keeps a chat in the browser and opens it. */
    private static void keepAndOpen(Browser.Page browser, URI uri, String messages) {
        browser.open(uri);
        browser.module("store.js", "module.keep({id: 'kept', title: 'Kept', messages: " + messages + "})");
        browser.open(uri);
        browser.await("document.querySelector('#chats .title')");
        browser.click("#chats .title");
        browser.await("document.querySelectorAll('.message').length > 0");
    }

    @Test
    void showsMarkdownWithCodeAndTables() throws IOException {
        String answer =
                "## Shapes\n\n| shape | color |\n| --- | ---: |\n| star | green |\n\n1. **circle**\n2. square\n\n"
                        + "Count them with `len(shapes)`:\n\n```python\nprint(len(shapes))\n```\n\n> 3 < 4 & 5 > 4";
        try (Demo demo = demo();
                Browser.Page browser = page()) {
            browser.size(1200, 800, false);
            String messages = "[{role: 'user', text: 'What is *there*?', files: []}, {role: 'assistant', text: "
                    + quoted(answer) + "}]";
            keepAndOpen(browser, demo.server.uri(), messages);
            assertThat(browser.text(".assistant h2")).isEqualTo("Shapes");
            assertThat(browser.text(".assistant td")).isEqualTo("star");
            assertThat(browser.text(".assistant pre code").strip()).isEqualTo("print(len(shapes))");
            assertThat(browser.text(".assistant blockquote").strip()).isEqualTo("3 < 4 & 5 > 4");
            assertThat(count(browser, ".assistant ol li")).isEqualTo(2);
            assertThat(browser.text(".user .text"))
                    .as("a question is not Markdown")
                    .isEqualTo("What is *there*?");
            browser.screenshot("markdown");
            assertThat(browser.complaints()).isEmpty();
        }
    }

    @Test
    void neverRunsNorLoadsAnythingThatAnAnswerContains() {
        List<String> hostile = List.of(
                "<script>window.hacked = 1</script>",
                "<img src=x onerror=\"window.hacked = 1\">",
                "<svg onload=\"window.hacked = 1\"><a xlink:href=\"javascript:window.hacked=1\"><text>x</text></a></svg>",
                "<iframe srcdoc=\"<script>parent.hacked = 1</script>\"></iframe>",
                "<style>* { display: none }</style>",
                "<form action=\"https://evil.example\"><input name=a autofocus onfocus=\"window.hacked = 1\"></form>",
                "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=window.hacked=1&gt;\">",
                "<a href=\"javascript:window.hacked=1\" id=question>here</a>",
                "[here](javascript:window.hacked=1)",
                "[here](JaVaScRiPt&colon;window.hacked=1)",
                "[here](data:text/html,<script>window.hacked=1</script>)",
                "[here](vbscript:x \"onmouseover=window.hacked=1\")",
                "[here]: javascript:window.hacked=1\n\n[here]",
                "<https://evil.example/\" onmouseover=\"window.hacked=1>",
                "![picture](https://evil.example/p.png)",
                "![x](x \"onerror=window.hacked=1\")",
                "| a |\n| --- |\n| <img src=https://evil.example/t.png onerror=window.hacked=1> |",
                "```html\n</code></pre><script>window.hacked = 1</script>\n```",
                "`<script>window.hacked = 1</script>`",
                ">".repeat(3000), // these four cost a parser its stack, or much time
                "- ".repeat(2000),
                "**a ".repeat(4000),
                "[a](".repeat(5000));
        try (Demo demo = demo();
                Browser.Page browser = page()) {
            browser.open(demo.server.uri());
            for (String text : hostile) {
                String markup = rendered(browser, text);
                assertThat(markup)
                        .as(text)
                        .doesNotContainIgnoringCase("<script", "<img", "<svg", "<iframe", "<style", "<form", "<input")
                        .doesNotContainPattern("(?i)<[^>]*\\s(?:on\\w+|style|src|srcdoc|id|class|name|action)=")
                        .doesNotContainPattern("(?i)<[^>]*\\shref=\"(?!https?:|mailto:)");
            }
            String kept = rendered(browser, "<ref>red circle</ref><box>[[1, 2, 3, 4]]</box>");
            assertThat(kept).contains("&lt;ref&gt;red circle&lt;/ref&gt;&lt;box&gt;[[1, 2, 3, 4]]&lt;/box&gt;");
            assertThat(rendered(browser, "[site](https://example.com/a?b=1&c=2)"))
                    .contains("href=\"https://example.com/a?b=1&amp;c=2\"", "rel=\"noopener noreferrer nofollow\"");
            assertThat(rendered(browser, "- **bold**: _it_ `x`\n".repeat(300)))
                    .as("closed marks may be many")
                    .startsWith("<ul>");
            assertThat(browser.value("window.hacked === undefined").getAsBoolean())
                    .isTrue();
            assertThat(browser.requested()).noneMatch(address -> address.contains("evil.example"));
            assertThat(browser.complaints()).isEmpty();
        }
    }
}
