package io.github.internvl.internal.engine;

import io.github.internvl.internal.model.LanguageModel;
import io.github.internvl.internal.model.TokenChunk;
import io.github.internvl.internal.observe.Trace;
import io.github.internvl.internal.torch.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** One step of the language model: planned rows to the logits of sequences. */
final class Step {
    /** The logits from which the next tokens of a sequence are chosen. */
    record Result(Sequence sequence, LogitRows rows) {}

    private static final int TOP = 256; // best logits that a GPU finds for a row

    private Step() {}

    /** Computes rows; one result for each sequence that gets its next token. */
    static List<Result> compute(LanguageModel language, List<Scheduler.Row> rows) {
        List<Trace.Span> spans =
                Stream.of(true, false).flatMap(prompt -> span(rows, prompt)).toList();
        List<TokenChunk> chunks = rows.stream().map(Step::chunk).toList();
        List<Sequence> ready = rows.stream()
                .flatMap(row -> Collections.nCopies(row.nexts(), row.sequence()).stream())
                .toList();
        List<LogitRows> next;
        boolean likely = rows.stream().allMatch(Scheduler.Row::isFollowed);
        try (Tensor logits = language.step(chunks, likely)) {
            rows.stream()
                    .filter(Scheduler.Row::isPrompt)
                    .forEach(row -> row.sequence().promptComputed(row.count()));
            next = ready.isEmpty() ? List.of() : logitRows(language, ready, logits);
        }
        List<Result> results = new ArrayList<>();
        for (Sequence sequence : new LinkedHashSet<>(ready)) {
            results.add(new Result(sequence, next.get(results.size())));
        }
        spans.forEach(Trace.Span::commit);
        return results;
    }

    /** The trace of the prompt rows of a step, or of its answer rows; empty if there are none. */
    private static Stream<Trace.Span> span(List<Scheduler.Row> rows, boolean prompt) {
        List<Scheduler.Row> own =
                rows.stream().filter(row -> row.isPrompt() == prompt).toList();
        int tokens = own.stream().mapToInt(Scheduler.Row::count).sum();
        int sequences =
                (int) own.stream().map(Scheduler.Row::sequence).distinct().count();
        return tokens == 0
                ? Stream.empty()
                : Stream.of(prompt ? Trace.prefill(tokens, sequences) : Trace.decodeStep(tokens, sequences));
    }

    /** The rows of logits of each sequence; only what it needs of them beside the best token is copied to Java. */
    private static List<LogitRows> logitRows(LanguageModel language, List<Sequence> ready, Tensor logits) {
        int[] best = Arrays.stream(language.argmax(logits))
                .mapToInt(Math::toIntExact)
                .toArray();
        Map<Sequence, LogitRows> few = language.isOnGpu() ? topRows(language, ready, logits, best) : Map.of();
        int[] wanted = IntStream.range(0, best.length)
                .filter(i -> ready.get(i).decoding().logitsNeeded() > 0 && !few.containsKey(ready.get(i)))
                .toArray();
        float[] values = wanted.length == 0 ? new float[0] : language.floats(logits, wanted);
        int vocabulary = language.vocabulary();
        List<LogitRows> all = new ArrayList<>();
        int taken = 0;
        int first = 0;
        for (int end = 1; end <= best.length; end++) {
            Sequence sequence = ready.get(first);
            if (end == best.length || ready.get(end) != sequence) {
                LogitRows top = few.get(sequence);
                if (top != null) {
                    all.add(top);
                } else {
                    int[] own = Arrays.copyOfRange(best, first, end);
                    all.add(new LogitRows(own, values, taken * vocabulary, vocabulary));
                    taken += sequence.decoding().logitsNeeded() > 0 ? end - first : 0;
                }
                first = end;
            }
        }
        return all;
    }

    /**
     * The rows of sequences for which a few best logits are enough. Where more than these equal the last one that a sequence needs, it
     * is not among them.
     */
    private static Map<Sequence, LogitRows> topRows(
            LanguageModel language, List<Sequence> ready, Tensor logits, int[] best) {
        int[] rows = IntStream.range(0, best.length)
                .filter(i -> {
                    int needed = ready.get(i).decoding().logitsNeeded();
                    return needed > 0 && needed < TOP && TOP < language.vocabulary();
                })
                .toArray();
        if (rows.length == 0) {
            return Map.of();
        }
        float[] top = language.top(logits, TOP, rows);
        Map<Sequence, LogitRows> all = new HashMap<>();
        for (int at = 0; at < rows.length; ) {
            Sequence sequence = ready.get(rows[at]);
            int end = at;
            while (end < rows.length && ready.get(rows[end]) == sequence) {
                end++;
            }
            int[] own = IntStream.range(at, end).map(i -> best[rows[i]]).toArray();
            LogitRows.ofTop(own, top, at, TOP, sequence.decoding().logitsNeeded())
                    .ifPresent(found -> all.put(sequence, found));
            at = end;
        }
        return all;
    }

    private static TokenChunk chunk(Scheduler.Row row) {
        Sequence sequence = row.sequence();
        int end = row.start() + row.count();
        return new TokenChunk(
                sequence.slots()[row.branch()],
                row.start(),
                sequence.tokens(row.branch(), row.start(), end),
                Math.max(sequence.promptLength(), end),
                sequence.visual().within(sequence.request().prompt().visualPlaces(), row.start(), end),
                row.nexts());
    }
}
