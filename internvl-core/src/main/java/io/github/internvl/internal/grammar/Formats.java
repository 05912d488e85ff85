package io.github.internvl.internal.grammar;

import io.github.internvl.InvalidRequestException;
import io.github.internvl.OutputFormat;
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
 * The formats that a model has been asked for, compiled, and the rules that hold its answers to them. A format is compiled
 * once, on a thread of its own, for all requests that wait for it. The ones used last stay, as many as a bound of memory allows.
 * The index of the vocabulary is built for the first one. Thread-safe.
 */
public final class Formats {
    private static final long MOST_BYTES =
            Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 16);
    private static final int SHARE = 8; // of the memory that the states of one format may take

    private final Supplier<Lexicon> lexicon;
    private final Executor compiling;
    private final Executor masking = FormatThreads.cheapestFirst("internvl-mask");
    private final long mostBytes;
    private final Map<OutputFormat, Compilation> known = new LinkedHashMap<>(16, 0.75f, true); // used last comes last

    /** Makes formats for a model whose answers end by one of some tokens. */
    public Formats(Tokenizer tokenizer, Set<Integer> endIds) {
        this(tokenizer, endIds, FormatThreads.inTurn("internvl-format"), MOST_BYTES);
    }

    Formats(Tokenizer tokenizer, Set<Integer> endIds, Executor compiling, long mostBytes) {
        this.lexicon = new Once(() -> new Lexicon(tokenizer, endIds));
        this.compiling = compiling;
        this.mostBytes = mostBytes;
    }

    /** A lexicon made when it is first asked for. */
    private static final class Once implements Supplier<Lexicon> {
        private final Supplier<Lexicon> maker;
        private volatile @Nullable Lexicon made;

        Once(Supplier<Lexicon> maker) {
            this.maker = maker;
        }

        @Override
        public Lexicon get() {
            Lexicon known = made;
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
     * @param meter gets what compiling costs, also where the format was compiled for another request; what it throws ends
     *     the waiting, and the compiling once nobody waits
     * @throws InvalidRequestException if the format is one that answers cannot be held to
     */
    public FormatRule rule(OutputFormat format, Meter meter) {
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
            return new FormatRule(compilation.await(meter), masking);
        } finally {
            trim();
        }
    }

    /** Compiles elsewhere; where no thread can be had, the next request tries again. */
    private void start(OutputFormat format, Compilation fresh) {
        try {
            compiling.execute(() -> fresh.run(() -> compile(format, fresh)));
        } catch (Throwable e) {
            known.remove(format, fresh);
            throw e;
        }
    }

    private Grammar compile(OutputFormat format, Meter meter) {
        Terms terms = new Terms(meter);
        Utf8 utf8 = new Utf8(terms);
        JsonText json = new JsonText(terms, utf8);
        Term root = FormatCompiler.compile(format, json, utf8);
        return new Grammar(lexicon.get(), terms, root, json.character, mostBytes / SHARE);
    }

    /** Drops what failed, what is too large by itself, and what was not used for longest, until the rest is within the bound. */
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
        return format.texts().stream().mapToLong(text -> 2L * text.length()).sum();
    }
}
