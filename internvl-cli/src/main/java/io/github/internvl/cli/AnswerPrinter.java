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
 * Writes answers.
 *
 * @param streaming whether the text is written as it comes, or whole at the end
 * @param verbose whether figures follow on standard error
 */
record AnswerPrinter(Terminal terminal, boolean streaming, boolean verbose) {

    /** Writes an answer to its end. */
    ChatResponse print(ChatStream stream) {
        PrintWriter out = terminal.out();
        if (streaming) {
            for (String piece : stream) {
                out.print(piece);
                if (out.checkError()) { // nobody reads on, as in: internvl chat ... | head -1
                    stream.close();
                }
            }
        }
        ChatResponse response = stream.response();
        out.println(streaming ? "" : response.text());
        out.flush();
        if (terminal.interactive() && response.finishReason() == FinishReason.LENGTH) {
            terminal.err().println("(cut off at the limit of tokens; --max-new-tokens allows more)");
        }
        if (verbose) {
            figures(response);
        }
        return response;
    }

    private void figures(ChatResponse response) {
        Usage usage = response.usage();
        Timings times = response.timings();
        figure("prompt", usage.promptTokens() + " tokens, " + usage.visualTokens() + " of them visual");
        figure(
                "answer",
                usage.generatedTokens() + " tokens, ended by "
                        + response.finishReason().name().toLowerCase(Locale.ROOT));
        figure("preprocess", Sizes.seconds(times.preprocess()));
        figure("queued", Sizes.seconds(times.queued()));
        figure("vision", Sizes.seconds(times.vision()));
        figure("prefill", rate(usage.promptTokens(), times.prefill()));
        figure("decode", rate(usage.generatedTokens() - 1, times.decode()));
    }

    private static String rate(int tokens, Duration time) {
        double seconds = Math.max(time.toNanos(), 1) / 1e9;
        return Sizes.seconds(time) + String.format(Locale.ROOT, ", %.1f tokens/s", Math.max(tokens, 0) / seconds);
    }

    private void figure(String name, String value) {
        terminal.err().printf(Locale.ROOT, "%-11s %s%n", name, value);
    }
}
