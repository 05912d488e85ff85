package io.github.internvl.internal.format;

import com.google.gson.JsonPrimitive;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.OutputFormat;
import io.github.internvl.Tool;
import io.github.internvl.grammar.CompiledGrammar;
import io.github.internvl.grammar.Grammar;
import io.github.internvl.grammar.GrammarException;
import io.github.internvl.grammar.Meter;
import io.github.internvl.grammar.Vocabulary;
import io.github.internvl.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The compiled formats of a model's requests, and the rules that hold answers to them. A format is compiled once, on a thread of
 * its own, for all requests that wait for it. The most recently used ones are kept within a memory limit. The vocabulary is
 * indexed for the first one. Thread-safe.
 */
public final class Formats {
    private static final long MOST_BYTES =
            Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 16);
    private static final int SHARE = 8; // of the memory that the states of one format may take

    private final Supplier<Vocabulary> vocabulary;
    private final Executor compiling;
    private final Executor masking = FormatThreads.cheapestFirst("internvl-mask");
    private final long mostBytes;
    private final Map<OutputFormat, Compilation> known = new LinkedHashMap<>(16, 0.75f, true); // used last comes last

    /** Makes formats for a model whose answers end by one of some tokens. */
    public Formats(Tokenizer tokenizer, Set<Integer> endIds) {
        this(tokenizer, endIds, FormatThreads.inTurn("internvl-format"), MOST_BYTES);
    }

    Formats(Tokenizer tokenizer, Set<Integer> endIds, Executor compiling, long mostBytes) {
        this.vocabulary = new Once(() -> new Vocabulary(tokenizer.size(), tokenizer::bytes, endIds));
        this.compiling = compiling;
        this.mostBytes = mostBytes;
    }

    /** A vocabulary made when it is first asked for. */
    private static final class Once implements Supplier<Vocabulary> {
        private final Supplier<Vocabulary> maker;
        private volatile @Nullable Vocabulary made;

        Once(Supplier<Vocabulary> maker) {
            this.maker = maker;
        }

        @Override
        public Vocabulary get() {
            Vocabulary known = made;
            if (known == null) {
                synchronized (this) {
                    known = made == null ? maker.get() : made;
                    made = known;
                }
            }
            return known;
        }
    }

    /**
     * A rule for the answers to one request: no token may come that the format does not go on with, and an end token just
     * where the format may end. Waits until the format is compiled.
     *
     * @param branches the most answers or beams at once
     * @param meter gets what compiling costs, also where the format was compiled for another request; what it throws ends
     *     the waiting, and the compiling once nobody waits
     * @throws InvalidRequestException if the format is one that answers cannot be held to
     */
    public FormatRule rule(OutputFormat format, int branches, Meter meter) {
        Compilation compilation;
        synchronized (known) {
            compilation = known.get(format);
            if (compilation == null || !compilation.join()) {
                Compilation fresh = new Compilation();
                fresh.join();
                known.put(format, fresh);
                start(format, fresh);
                compilation = fresh;
            }
        }
        try {
            return new FormatRule(compilation.await(meter), branches, masking);
        } finally {
            trim();
        }
    }

    /** Compiles on another thread; if none can be started, the next request tries again. */
    private void start(OutputFormat format, Compilation fresh) {
        try {
            compiling.execute(() -> fresh.run(() -> compile(format, fresh)));
        } catch (Throwable e) {
            known.remove(format, fresh);
            throw e;
        }
    }

    private CompiledGrammar compile(OutputFormat format, Meter meter) {
        try {
            return grammar(format).compile(vocabulary.get(), meter, mostBytes / SHARE);
        } catch (GrammarException e) {
            throw new InvalidRequestException(String.valueOf(e.getMessage()));
        }
    }

    private static Grammar grammar(OutputFormat format) {
        List<String> texts = format.texts();
        return switch (format.kind()) {
            case TEXT -> throw new IllegalArgumentException("free text has no rule");
            case JSON -> Grammar.json();
            case JSON_SCHEMA -> Grammar.jsonSchema(texts.get(0));
            case REGEX -> Grammar.regex(texts.get(0));
            case CHOICE -> Grammar.choice(texts);
            case TOOL_CALL ->
                format.alternative()
                        .map(other -> Grammar.anyOf(List.of(toolCall(texts), grammar(other))))
                        .orElseGet(() -> toolCall(texts));
        };
    }

    /** A call of one of some tools; {@code texts} are names and parameters in turns. */
    private static Grammar toolCall(List<String> texts) {
        List<Grammar> calls = new ArrayList<>();
        for (int i = 0; i < texts.size(); i += 2) {
            String name = texts.get(i);
            calls.add(Grammar.sequence(
                            Grammar.literal("{\"name\": " + new JsonPrimitive(name) + ", \"arguments\": "),
                            Grammar.jsonObject(texts.get(i + 1)),
                            Grammar.literal("}"))
                    .named("the tool " + name));
        }
        return Grammar.sequence(
                Grammar.literal(Tool.Call.START + "\n"), Grammar.anyOf(calls), Grammar.literal("\n" + Tool.Call.END));
    }

    /**
     * Drops failed formats, formats above the limit by themselves, and then the least recently used, down to the limit.
     */
    private void trim() {
        synchronized (known) {
            known.values().removeIf(Compilation::hasFailed);
            List<Map.Entry<OutputFormat, Compilation>> latestFirst = new ArrayList<>(known.entrySet());
            Collections.reverse(latestFirst);
            long bytes = 0;
            for (Map.Entry<OutputFormat, Compilation> each : latestFirst) {
                long own = each.getValue().weight() + weight(each.getKey());
                if (bytes + own > mostBytes && !each.getValue().isRunning()) {
                    known.remove(each.getKey());
                } else {
                    bytes += own;
                }
            }
        }
    }

    private static long weight(OutputFormat format) {
        return format.texts().stream().mapToLong(text -> 2L * text.length()).sum()
                + format.alternative().map(Formats::weight).orElse(0L);
    }
}
