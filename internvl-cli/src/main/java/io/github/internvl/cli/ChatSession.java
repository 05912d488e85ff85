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
 * An interactive conversation: each line is a question, or a command that begins with a slash. A line that fails prints its
 * error, and the conversation continues.
 */
final class ChatSession {
    private static final String HELP = """
            /image FILE  adds a picture to the next question
            /video FILE  adds a video to the next question
            /new         starts a new conversation without pictures
            /help        prints this list
            /exit        ends the conversation, as does Ctrl-D
            Ctrl-C       stops the answer
            """;

    private final Terminal terminal;
    private final InternVL model;
    private final ChatRequest settings;
    private final Attachments attachments;
    private final AnswerPrinter printer;
    private final OptionNames options;
    private Conversation conversation;

    /** Creates a session; {@code settings} applies to all questions. */
    ChatSession(
            Terminal terminal,
            InternVL model,
            ChatRequest settings,
            Attachments attachments,
            AnswerPrinter printer,
            OptionNames options) {
        this.terminal = terminal;
        this.model = model;
        this.settings = settings;
        this.attachments = attachments;
        this.printer = printer;
        this.options = options;
        this.conversation = model.conversation();
    }

    /** Handles all lines; returns 1 if a line failed in a non-interactive run, else 0. */
    int run() throws IOException {
        if (terminal.interactive()) {
            terminal.err().println("Type /help for the commands, Ctrl-D to end.");
        }
        int failures = 0;
        for (String line = read(); line != null && !line.equals("/exit"); line = read()) {
            try {
                take(NativeText.whole(line));
            } catch (IllegalArgumentException | InternVLException e) {
                terminal.err().println("internvl: " + options.translate(String.valueOf(e.getMessage())));
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
            default -> throw new IllegalArgumentException("unknown command " + words[0] + "; /help lists the commands");
        }
    }

    private void add(String[] words, Function<String, String> adder) {
        if (words.length < 2) {
            throw new IllegalArgumentException(words[0] + " requires a file: " + words[0] + " FILE");
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
                terminal.err().println("(stopped: this round is dropped, and its pictures stay for the next question)");
            } else {
                attachments.clear();
            }
        }
    }
}
