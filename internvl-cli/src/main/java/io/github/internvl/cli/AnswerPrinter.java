package io.github.internvl.cli;

import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatResponse.Timings;
import io.github.internvl.ChatResponse.Usage;
import io.github.internvl.ChatStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/**
 * A printer of answers.
 *
 * @param streaming whether text is printed as it is generated, or only at the end
 * @param verbose whether statistics follow on standard error
 */
record AnswerPrinter(Terminal terminal, boolean streaming, boolean verbose) {

    /** Prints an answer to its end. */
    ChatResponse print(ChatStream stream) {
        PrintWriter out = terminal.out();
        if (streaming) {
            for (String piece : stream) {
                out.print(piece);
                if (out.checkError()) { // the reader has left, as in: internvl chat ... | head -1
                    stream.close();
                }
            }
        }
        ChatResponse response = stream.response();
        out.println(streaming ? "" : response.text());
        out.flush();
        mark(response.text(), response.finishReason() == FinishReason.CANCELLED);
        if (terminal.interactive() && response.finishReason() == FinishReason.LENGTH) {
            terminal.err().println("(truncated at the token limit; raise it with --max-new-tokens)");
        }
        if (verbose) {
            statistics(response);
        }
        return response;
    }

    /** Says on standard error that an answer is empty, as an empty line does not. */
    void mark(String answer, boolean stopped) {
        if (answer.isBlank() && !stopped) {
            terminal.err().println("internvl: the answer is empty");
        }
    }

    private void statistics(ChatResponse response) {
        Usage usage = response.usage();
        Timings times = response.timings();
        statistic("prompt", usage.promptTokens() + " tokens, " + usage.visualTokens() + " of them visual");
        statistic(
                "answer",
                usage.generatedTokens() + " tokens, finish reason "
                        + response.finishReason().name().toLowerCase(Locale.ROOT));
        statistic("preprocess", Units.seconds(times.preprocess()));
        statistic("queued", Units.seconds(times.queued()));
        statistic("vision", Units.seconds(times.vision()));
        statistic("prefill", rate(usage.promptTokens(), times.prefill()));
        statistic("decode", rate(usage.generatedTokens() - 1, times.decode()));
    }

    private static String rate(int tokens, Duration time) {
        double seconds = Math.max(time.toNanos(), 1) / 1e9;
        return Units.seconds(time) + String.format(Locale.ROOT, ", %.1f tokens/s", Math.max(tokens, 0) / seconds);
    }

    private void statistic(String name, String value) {
        terminal.err().printf(Locale.ROOT, "%-11s %s%n", name, value);
    }
}
