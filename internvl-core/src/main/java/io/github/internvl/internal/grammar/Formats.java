package io.github.internvl.internal.grammar;

import io.github.internvl.InvalidRequestException;
import io.github.internvl.LogitsProcessor;
import io.github.internvl.OutputFormat;
import io.github.internvl.tokenizer.Tokenizer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The formats that a model has been asked for, compiled, and the rules that hold its answers to them. What is known of the
 * vocabulary is made for the first one. Thread-safe.
 */
public final class Formats {
    private static final int MOST = 8;

    private final Tokenizer tokenizer;
    private final Set<Integer> endIds;
    private final Map<OutputFormat, Grammar> grammars = new LinkedHashMap<>(16, 0.75f, true);
    private @Nullable Lexicon lexicon;

    /** Makes formats for a model whose answers end by one of some tokens. */
    public Formats(Tokenizer tokenizer, Set<Integer> endIds) {
        this.tokenizer = tokenizer;
        this.endIds = endIds;
    }

    /**
     * A rule for the answers to one request: no token may come that the format does not go on with, and an end token just
     * where the format may end.
     *
     * @throws InvalidRequestException if the format is one that answers cannot be held to
     */
    public LogitsProcessor rule(OutputFormat format) {
        return new FormatRule(grammar(format));
    }

    private synchronized Grammar grammar(OutputFormat format) {
        Grammar known = grammars.get(format);
        if (known == null) {
            known = compile(format);
            grammars.put(format, known);
            if (grammars.size() > MOST) {
                grammars.remove(grammars.keySet().iterator().next());
            }
        }
        return known;
    }

    private Grammar compile(OutputFormat format) {
        Terms terms = new Terms();
        Utf8 utf8 = new Utf8(terms);
        JsonText json = new JsonText(terms, utf8);
        Term root = FormatCompiler.compile(format, json, utf8);
        Lexicon words = lexicon;
        if (words == null) {
            words = new Lexicon(tokenizer, endIds);
            lexicon = words;
        }
        return new Grammar(words, terms, root, json.character);
    }
}
