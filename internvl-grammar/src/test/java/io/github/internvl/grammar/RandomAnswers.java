package io.github.internvl.grammar;

import io.github.internvl.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;

/** Answers of a model that knows nothing: its logits are random, and favour what closes and ends as the answer grows. */
final class RandomAnswers {
    private static final int MOST = 600;
    private static final Set<String> CLOSING = Set.of("\"", "]", "}", "0", ".");

    private final Tokenizer tokenizer;
    private final Vocabulary vocabulary;
    private final int end;
    private final float[] favour;

    RandomAnswers(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.end = tokenizer.id("<|im_end|>").orElseThrow();
        this.vocabulary = new Vocabulary(tokenizer.size(), tokenizer::bytes, Set.of(end));
        this.favour = new float[tokenizer.size() + 5]; // a model may have more rows than there are tokens
        for (int id = 0; id < tokenizer.size(); id++) {
            String text = new String(tokenizer.bytes(id), StandardCharsets.UTF_8);
            favour[id] = id == end ? 2 : CLOSING.contains(text) ? 1 : 0;
        }
    }

    int end() {
        return end;
    }

    /** The text of an answer to its end. */
    String answer(Grammar grammar, long seed) {
        return answer(grammar, seed, (ids, logits) -> {});
    }

    /** The same with a watcher, which gets the tokens so far and the masked logits. */
    String answer(Grammar grammar, long seed, BiConsumer<int[], float[]> watcher) {
        int[] ids = ids(grammar, seed, MOST, watcher);
        if (ids.length == MOST) {
            throw new AssertionError("no end: " + text(ids));
        }
        return text(ids);
    }

    /** The text of an answer that is cut where it takes more than some tokens. */
    String beginning(Grammar grammar, long seed, int most) {
        return text(ids(grammar, seed, most, (ids, logits) -> {}));
    }

    private int[] ids(Grammar grammar, long seed, int most, BiConsumer<int[], float[]> watcher) {
        CompiledGrammar compiled = grammar.compile(vocabulary, Meter.FREE, 8L << 20);
        CompiledGrammar.Step step = compiled.start();
        SplittableRandom random = new SplittableRandom(seed);
        int patience = random.nextInt(60);
        int[] ids = {};
        while (ids.length < most) {
            float[] logits = new float[favour.length];
            float closing = Math.max(0, (ids.length - patience) / 20f);
            for (int id = 0; id < logits.length; id++) {
                logits[id] = (float) random.nextDouble() + closing * favour[id];
            }
            step.mask(logits);
            watcher.accept(ids, logits);
            int best = 0;
            for (int id = 1; id < logits.length; id++) {
                best = logits[id] > logits[best] ? id : best;
            }
            if (logits[best] == Float.NEGATIVE_INFINITY) {
                throw new AssertionError("no token may follow: " + text(ids));
            }
            if (best == end) {
                break;
            }
            ids = Arrays.copyOf(ids, ids.length + 1);
            ids[ids.length - 1] = best;
            step = Objects.requireNonNull(compiled.after(step, best, Meter.FREE, 0));
        }
        return ids;
    }

    private String text(int[] ids) {
        Tokenizer.Decoder decoder = tokenizer.verbatimDecoder();
        StringBuilder text = new StringBuilder();
        Arrays.stream(ids).forEach(id -> text.append(decoder.add(id)));
        return text.toString();
    }
}
