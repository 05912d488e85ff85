package io.github.internvl.cli;

import java.io.BufferedReader;
import java.io.Console;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The input and output streams of a command.
 *
 * @param in the lines of a conversation, or a question
 * @param out answers and tables only
 * @param err prompts, progress, statistics and messages
 * @param interactive whether a user is at the terminal
 */
record Terminal(BufferedReader in, PrintWriter out, PrintWriter err, boolean interactive) {

    /** The streams of this process, in UTF-8, or on Windows in the character set of the console. */
    static Terminal ofProcess() {
        Optional<Console> person = Optional.ofNullable(System.console()).filter(Terminal::isTerminal);
        Charset charset = person.filter(console -> File.separatorChar == '\\')
                .map(Console::charset)
                .orElse(StandardCharsets.UTF_8);
        return new Terminal(
                reader(new FileInputStream(FileDescriptor.in), charset),
                writer(FileDescriptor.out, charset),
                writer(FileDescriptor.err, charset),
                person.isPresent());
    }

    /** A reader that replaces invalid bytes by an unpaired surrogate, which valid text never has; a real U+FFFD is kept. */
    static BufferedReader reader(InputStream bytes, Charset charset) {
        return new BufferedReader(new InputStreamReader(
                bytes,
                charset.newDecoder()
                        .onMalformedInput(CodingErrorAction.REPLACE)
                        .onUnmappableCharacter(CodingErrorAction.REPLACE)
                        .replaceWith(NativeText.LOST)));
    }

    private static PrintWriter writer(FileDescriptor target, Charset charset) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(target), charset), true);
    }

    /** From JDK 22 on, a console can exist without a terminal, and has a method that says so. */
    private static boolean isTerminal(Console console) {
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException e) {
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }
}
