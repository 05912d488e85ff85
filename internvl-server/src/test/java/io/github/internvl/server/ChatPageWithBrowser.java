package io.github.internvl.server;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/** The chat page of a server with the demo model, in a browser that all tests of a class share. */
@Tag("any-jdk")
@Timeout(300)
abstract class ChatPageWithBrowser {
    static final String STAR = "Is there a green star?";
    static final String DONE = "document.querySelectorAll('.message.assistant .foot').length === ";

    private static @Nullable Browser started;

    @BeforeAll
    static void startBrowser() throws IOException {
        Optional<Path> program = Browser.program();
        if (program.isPresent()) {
            started = new Browser(program.get());
        }
    }

    @AfterAll
    static void endBrowser() throws IOException {
        if (started != null) {
            started.close();
            started = null;
        }
    }

    /** Opens a page, or skips the test where no browser is installed. The caller closes the page. */
    static Browser.Page page() {
        assumeTrue(started != null, "no Chromium here: install the package chromium to test the chat page");
        return Objects.requireNonNull(started).page();
    }

    static Demo demo() {
        return Demo.start(options -> options, model -> model.maxConcurrent(1));
    }

    static int count(Browser.Page browser, String selector) {
        return browser.value("document.querySelectorAll('" + selector + "').length")
                .getAsInt();
    }
}
