package io.github.internvl.cli;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatStream;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import java.io.IOException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A conversation line by line: each line is a question, or a command that begins with a slash. A line that fails is
 * explained and passed over.
 */
final class ChatSession {
    private static final String HELP = """
            /image FILE  adds a picture to the next question
            /video FILE  asks the next question about a video
            /new         forgets the conversation and its pictures
            /help        shows this
            /exit        ends, as does Ctrl-D
            Ctrl-C       stops an answer
            """;

    private final Terminal terminal;
    private final InternVL model;
    private final ChatRequest settings;
    private final Attachments attachments;
    private final AnswerPrinter printer;
    private Conversation conversation;

    /** Makes a session whose questions take all but text and attachments from {@code settings}. */
    ChatSession(
            Terminal terminal, InternVL model, ChatRequest settings, Attachments attachments, AnswerPrinter printer) {
        this.terminal = terminal;
        this.model = model;
        this.settings = settings;
        this.attachments = attachments;
        this.printer = printer;
        this.conversation = model.conversation();
    }

    /** Goes through all lines; 1 if a line failed that nobody was there to see fail, else 0. */
    int run() throws IOException {
        if (terminal.interactive()) {
            terminal.err().println("/help lists the commands; Ctrl-D ends.");
        }
        int failures = 0;
        for (String line = read(); line != null && !line.equals("/exit"); line = read()) {
            try {
                take(NativeText.whole(line));
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
            case "/image" -> add(words, attachments::addPicture);
            case "/video" -> add(words, attachments::addVideo);
            case "/new" -> {
                conversation = model.conversation();
                attachments.clear();
            }
            case "/help" -> {
                terminal.err().print(HELP);
                terminal.err().flush();
            }
            default -> throw new IllegalArgumentException("unknown command " + words[0] + "; /help lists them");
        }
    }

    private void add(String[] words, Function<String, String> adder) {
        if (words.length < 2) {
            throw new IllegalArgumentException(words[0] + " needs a file: " + words[0] + " FILE");
        }
        String added = adder.apply(words[1]);
        if (terminal.interactive()) {
            terminal.err().println(added + ", for the next question");
        }
    }

    private void ask(String text) {
        ChatRequest question =
                attachments.addTo(settings.toBuilder().text(text)).build();
        try (ChatStream stream = conversation.stream(question)) {
            ChatResponse response = Interrupt.stopping(stream::close, () -> printer.print(stream));
            if (response.finishReason() == ChatResponse.FinishReason.CANCELLED) {
                terminal.err().println("(stopped, and not remembered; its pictures are there for the next question)");
            } else {
                attachments.clear();
            }
        }
    }
}
