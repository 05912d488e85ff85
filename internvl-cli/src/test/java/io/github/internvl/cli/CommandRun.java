package io.github.internvl.cli;

import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;

/**
 * A run of the command inside the test.
 *
 * @param writes how often text was handed on to standard output
 */
record CommandRun(int exitCode, String out, String err, int writes) {

    /** Runs with nothing to read. */
    static CommandRun of(String... args) {
        return reading("", args);
    }

    /** Runs with standard input from a file. */
    static CommandRun reading(String input, String... args) {
        return run(input, false, () -> {}, args);
    }

    /** Runs before a person who types. */
    static CommandRun typing(String input, String... args) {
        return run(input, true, () -> {}, args);
    }

    /** Runs before a person who does something as soon as the answer begins. */
    static CommandRun disturbing(Runnable onFirstText, String input, String... args) {
        return run(input, true, onFirstText, args);
    }

    private static CommandRun run(String input, boolean interactive, Runnable onFirstText, String... args) {
        Capture out = new Capture(onFirstText);
        StringWriter err = new StringWriter();
        Terminal terminal = new Terminal(
                new BufferedReader(new StringReader(input)),
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                interactive);
        int exitCode = Main.commandLine(terminal).execute(args);
        return new CommandRun(exitCode, lines(out.toString()), lines(err.toString()), out.flushes);
    }

    private static String lines(String text) {
        return text.replace(System.lineSeparator(), "\n");
    }

    private static final class Capture extends StringWriter {
        private final Runnable onFirstText;
        private int flushes;

        Capture(Runnable onFirstText) {
            this.onFirstText = onFirstText;
        }

        @Override
        public void write(String text, int offset, int length) {
            if (getBuffer().isEmpty()) {
                onFirstText.run();
            }
            super.write(text, offset, length);
        }

        @Override
        public void flush() {
            flushes++;
        }
    }
}
