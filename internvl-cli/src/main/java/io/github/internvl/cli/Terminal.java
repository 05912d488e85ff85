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
 * The input and the outputs of a command.
 *
 * @param in lines of a conversation, or a question
 * @param out answers and tables, nothing else
 * @param err prompts, progress, figures and messages
 * @param interactive whether a person sits in front of it
 */
record Terminal(BufferedReader in, PrintWriter out, PrintWriter err, boolean interactive) {

    /** The streams of this process: UTF-8, or what the console of Windows takes. */
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

    /** Puts half a character, which no valid text has, in the place of bytes that are none; a real U+FFFD stays one. */
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

    /** Later JDKs have a console without a terminal too, and a method that tells; up to 21 there is none then. */
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
