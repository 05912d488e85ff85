package io.github.internvl.cli;

import java.nio.charset.Charset;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A check of text that reached the JVM through the locale's character set. Java replaces a character outside that set by U+FFFD; such
 * text is rejected, since it differs from the user's input.
 */
final class NativeText {
    /** The arguments that {@code internvl.cmd} received. Windows preserves environment variables, but not arguments. */
    private static final String GIVEN = "INTERNVL_ARGUMENTS";

    /** The replacement for invalid bytes in a line. */
    static final String LOST = "\ud800";

    private static final String PREFIX = "INTERNVL_";

    private NativeText() {}

    /** The defect of the arguments or of InternVL's environment variables; null if there is none. */
    static @Nullable String damage(String[] args, Map<String, String> environment) {
        String charset =
                System.getProperty("sun.jnu.encoding", Charset.defaultCharset().name());
        Stream<String> arguments = IntStream.range(0, args.length)
                .filter(i -> isDamaged(args[i]))
                .mapToObj(i -> "argument " + (i + 1) + " must be text in the locale's character set, " + charset
                        + ": \"" + args[i] + "\"");
        Stream<String> variables = environment.entrySet().stream()
                .filter(variable -> variable.getKey().startsWith(PREFIX))
                .filter(variable -> isDamaged(variable.getValue()) || isCut(variable, charset))
                .map(variable -> (variable.getKey().equals(GIVEN) ? "the arguments" : variable.getKey())
                        + " must be text in the locale's character set, " + charset + ": it contains other characters");
        return Stream.concat(arguments, variables)
                .findFirst()
                .map(damage -> damage + "; " + remedy(environment))
                .orElse(null);
    }

    private static boolean isCut(Map.Entry<String, String> variable, String charset) {
        return variable.getKey().equals(GIVEN)
                && Charset.isSupported(charset)
                && Charset.forName(charset).canEncode()
                && !Charset.forName(charset).newEncoder().canEncode(variable.getValue());
    }

    /** A line from {@link Terminal#reader}, rejected if it had invalid bytes. */
    static String whole(String line) {
        if (line.codePoints().anyMatch(NativeText::isHalf)) {
            throw new IllegalArgumentException(
                    "a question must be UTF-8: \"" + line + "\" has invalid bytes; convert it");
        }
        return line;
    }

    /** Whether text has a replacement character or an unpaired surrogate. */
    private static boolean isDamaged(String text) {
        return text.codePoints().anyMatch(c -> c == 0xfffd || isHalf(c));
    }

    private static boolean isHalf(int c) {
        return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    }

    private static String remedy(Map<String, String> environment) {
        if (System.getProperty("os.name").startsWith("Windows")) {
            return "select UTF-8 as the language for non-Unicode programs, or type the question in"
                    + " `internvl chat`";
        }
        String locale = Stream.of("LC_ALL", "LC_CTYPE", "LANG")
                .filter(name -> !environment.getOrDefault(name, "").isEmpty())
                .findFirst()
                .map(name -> name + "=" + environment.get(name))
                .orElse("none");
        return "the locale is " + locale + ", which is not UTF-8 or not installed: set LC_ALL=C.UTF-8";
    }
}
