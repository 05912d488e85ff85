package io.github.internvl.cli;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatStream;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A conversation line by line: each line is a question, or a command that begins with a slash. A line that fails is
 * explained and passed over.
 */
final class ChatSession {
    private static final String HELP = """
            /image FILE  adds a picture to the next question
            /new         forgets the conversation and its pictures
            /help        shows this
            /exit        ends, as does Ctrl-D
            Ctrl-C       stops an answer
            """;

    private final Terminal terminal;
    private final InternVL model;
    private final ChatRequest settings;
    private final Function<Path, Image> opener;
    private final AnswerPrinter printer;
    private final List<Image> pending = new ArrayList<>();
    private Conversation conversation;

    /** Makes a session whose questions take all but text and pictures from {@code settings}. */
    ChatSession(
            Terminal terminal,
            InternVL model,
            ChatRequest settings,
            Function<Path, Image> opener,
            AnswerPrinter printer) {
        this.terminal = terminal;
        this.model = model;
        this.settings = settings;
        this.opener = opener;
        this.printer = printer;
        this.conversation = model.conversation();
    }

    /** Goes through all lines; 1 if a line failed that nobody was there to see fail, else 0. */
    int run(List<Image> first) throws IOException {
        pending.addAll(first);
        if (terminal.interactive()) {
            terminal.err().println("/help lists the commands; Ctrl-D ends.");
        }
        int failures = 0;
        for (String line = read(); line != null && !line.equals("/exit"); line = read()) {
            try {
                take(line);
            } catch (IllegalArgumentException | InternVLException e) {
                terminal.err().println("internvl: " + e.getMessage());
                failures++;
            }
        }
        return failures > 0 && !terminal.interactive() ? 1 : 0;
    }

    private @Nullable String read() throws IOException {
        if (terminal.interactive()) {
            terminal.err().print("> ");
            terminal.err().flush();
        }
        String line = terminal.in().readLine();
        if (line == null && terminal.interactive()) {
            terminal.err().println();
        }
        return line == null ? null : line.strip();
    }

    private void take(String line) {
        if (line.isEmpty()) {
            return;
        }
        if (!line.startsWith("/")) {
            ask(line);
            return;
        }
        String[] words = line.split("\\s+", 2);
        switch (words[0]) {
            case "/image" -> addPicture(words.length < 2 ? "" : words[1]);
            case "/new" -> {
                conversation = model.conversation();
                pending.clear();
            }
            case "/help" -> {
                terminal.err().print(HELP);
                terminal.err().flush();
            }
            default -> throw new IllegalArgumentException("unknown command " + words[0] + "; /help lists them");
        }
    }

    private void addPicture(String file) {
        if (file.isEmpty()) {
            throw new IllegalArgumentException("/image needs a file: /image FILE");
        }
        Image picture = opener.apply(Path.of(file));
        pending.add(picture);
        if (terminal.interactive()) {
            terminal.err().println(picture.width() + " x " + picture.height() + " pixels, for the next question");
        }
    }

    private void ask(String text) {
        ChatRequest question =
                settings.toBuilder().text(text, pending.toArray(Image[]::new)).build();
        try (ChatStream stream = conversation.stream(question)) {
            ChatResponse response = Interrupt.stopping(stream::close, () -> printer.print(stream));
            if (response.finishReason() == ChatResponse.FinishReason.CANCELLED) {
                terminal.err().println("(stopped, and not remembered; its pictures are there for the next question)");
            } else {
                pending.clear();
            }
        }
    }
}
