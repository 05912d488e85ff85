package io.github.internvl.server.openai;

import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.TokenScore;
import io.github.internvl.Tool;
import io.github.internvl.server.openai.ChatWire.Call;
import io.github.internvl.server.openai.ChatWire.Choice;
import io.github.internvl.server.openai.ChatWire.Completion;
import io.github.internvl.server.openai.ChatWire.Function;
import io.github.internvl.server.openai.ChatWire.Logprobs;
import io.github.internvl.server.openai.ChatWire.Message;
import io.github.internvl.server.openai.ChatWire.PromptDetails;
import io.github.internvl.server.openai.ChatWire.Timings;
import io.github.internvl.server.openai.ChatWire.TokenLogprob;
import io.github.internvl.server.openai.ChatWire.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The conversion of a model's answers to the objects of the chat protocol.
 *
 * @param id the request id
 * @param created the time of the answer, in seconds since 1970
 * @param tools whether the answers may call tools
 */
record ChatWriter(ServedModel served, String id, long created, boolean tools) {
    private static final double LEAST_LOGPROB = -9999; // JSON has no minus infinity

    static ChatWriter of(ServedModel served, String requestId, boolean tools) {
        return new ChatWriter(served, requestId, Instant.now().getEpochSecond(), tools);
    }

    String model() {
        return served.name();
    }

    /** A complete answer with its alternatives. */
    Completion completion(ChatResponse response) {
        List<ChatResponse> answers = all(response);
        List<Choice> choices = IntStream.range(0, answers.size())
                .mapToObj(index -> choice(index, answers.get(index)))
                .toList();
        return new Completion("chatcmpl-" + id, "chat.completion", created, model(), choices, usage(answers));
    }

    /** An answer and its alternatives. */
    static List<ChatResponse> all(ChatResponse response) {
        return Stream.concat(Stream.of(response), response.alternatives().stream())
                .toList();
    }

    private Choice choice(int index, ChatResponse answer) {
        return new Choice(
                index, message(answer), logprobs(answer), finishReason(answer), stopReason(answer), boxes(answer));
    }

    Message message(ChatResponse answer) {
        List<Tool.Call> calls = calls(answer);
        String text = answer.text();
        String thinking = answer.thinking().isEmpty() ? null : answer.thinking();
        if (calls.isEmpty()) {
            return new Message("assistant", text, null, thinking, null);
        }
        String before = text.substring(0, text.indexOf(Tool.Call.START)).strip();
        return new Message("assistant", before.isEmpty() ? null : before, null, thinking, wire(calls, false));
    }

    List<Tool.Call> calls(ChatResponse answer) {
        return tools ? answer.toolCalls() : List.of();
    }

    /** Tool calls, with an index each for a stream. */
    List<Call> wire(List<Tool.Call> calls, boolean streamed) {
        List<Call> written = new ArrayList<>();
        for (Tool.Call call : calls) {
            int index = written.size();
            Function function = new Function(call.name(), call.arguments());
            written.add(new Call(streamed ? index : null, "call_" + id + "_" + index, "function", function));
        }
        return written;
    }

    String finishReason(ChatResponse answer) {
        return calls(answer).isEmpty() ? reason(answer) : "tool_calls";
    }

    /** The finish reason in OpenAI's terms, tool calls aside. */
    static String reason(ChatResponse answer) {
        return switch (answer.finishReason()) {
            case LENGTH, TIMEOUT -> "length";
            case STOP, LOOP, CANCELLED -> "stop";
        };
    }

    static @Nullable String stopReason(ChatResponse answer) {
        return switch (answer.finishReason()) {
            case TIMEOUT -> "timeout";
            case LOOP -> "loop";
            default -> null;
        };
    }

    static @Nullable List<ChatResponse.Box> boxes(ChatResponse answer) {
        return answer.boxes().isEmpty() ? null : answer.boxes();
    }

    @Nullable
    Logprobs logprobs(ChatResponse answer) {
        return answer.tokens().isEmpty() ? null : new Logprobs(tokens(answer), null);
    }

    /** The tokens of an answer with their log probabilities. */
    List<TokenLogprob> tokens(ChatResponse answer) {
        return answer.tokens().stream()
                .map(token -> token(
                        token,
                        token.best().stream().map(best -> token(best, null)).toList()))
                .toList();
    }

    private TokenLogprob token(TokenScore token, @Nullable List<TokenLogprob> best) {
        List<Integer> bytes = new ArrayList<>();
        for (byte one : served.model().tokenizer().bytes(token.id())) {
            bytes.add(one & 0xFF);
        }
        return new TokenLogprob(token.text(), finite(token.logprob()), bytes, best);
    }

    /** A log probability as JSON can hold it; no number counts as the least. */
    static double finite(double logprob) {
        return logprob > LEAST_LOGPROB ? logprob : LEAST_LOGPROB;
    }

    /** The tokens of one prompt and of all its answers together. */
    static Usage usage(List<ChatResponse> answers) {
        ChatResponse.Usage first = answers.get(0).usage();
        int generated = answers.stream()
                .mapToInt(answer -> answer.usage().generatedTokens())
                .sum();
        PromptDetails details = new PromptDetails(first.cachedTokens(), first.visualTokens(), first.visualTokens());
        return new Usage(first.promptTokens(), generated, first.promptTokens() + generated, details);
    }

    /** The times of one answer, as the model measured them. */
    static Timings timings(ChatResponse answer) {
        ChatResponse.Timings times = answer.timings();
        int later = answer.usage().generatedTokens() - 1;
        double seconds = times.decode().toNanos() / 1e9;
        return new Timings(
                millis(times.preprocess()),
                millis(times.queued()),
                millis(times.vision()),
                millis(times.prefill()),
                millis(times.decode()),
                later < 1 || seconds <= 0 ? null : Double.valueOf(Math.round(later / seconds * 10) / 10.0));
    }

    private static double millis(Duration time) {
        return Math.round(time.toNanos() / 1e4) / 100.0;
    }
}
