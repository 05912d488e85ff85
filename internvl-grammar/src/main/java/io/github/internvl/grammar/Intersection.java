package io.github.internvl.grammar;

import io.github.internvl.grammar.Automaton.State;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The intersection of two expressions without nesting: the product of their automata, without the states from which no end is
 * reached, written down as a rule for each state.
 */
final class Intersection {
    private static final int MOST_STATES = 20_000;

    private record Pair(State one, State other) {}

    private final Exprs exprs;
    private final Automaton first;
    private final Automaton second;
    private final Map<Pair, Map<Pair, long[]>> steps = new LinkedHashMap<>();
    private final Map<Pair, List<Pair>> before = new HashMap<>();

    private Intersection(Exprs exprs, Expr one, Expr other) {
        this.exprs = exprs;
        this.first = new Automaton(exprs, one);
        this.second = new Automaton(exprs, other);
    }

    /** The strings that two expressions have in common. */
    static Expr of(Exprs exprs, Expr one, Expr other) {
        return new Intersection(exprs, one, other).expr();
    }

    private Expr expr() {
        Pair start = new Pair(first.start(), second.start());
        explore(start);
        Map<Pair, Expr.Rule> rules = new HashMap<>();
        Deque<Pair> open = new ArrayDeque<>();
        for (Pair pair : steps.keySet()) {
            if (pair.one().accepts && pair.other().accepts) {
                rules.put(pair, exprs.rule(true));
                open.add(pair);
            }
        }
        while (!open.isEmpty()) {
            for (Pair pair : before.getOrDefault(open.remove(), List.of())) {
                if (!rules.containsKey(pair)) {
                    rules.put(pair, exprs.rule(false));
                    open.add(pair);
                }
            }
        }
        rules.forEach((pair, rule) -> rule.body = body(pair, rules));
        return rules.containsKey(start) ? rules.get(start) : exprs.nothing;
    }

    private void explore(Pair start) {
        Deque<Pair> open = new ArrayDeque<>(List.of(start));
        steps.put(start, new LinkedHashMap<>());
        while (!open.isEmpty()) {
            Pair pair = open.remove();
            Map<Pair, long[]> own = new LinkedHashMap<>();
            steps.put(pair, own);
            for (int b = 0; b < 256; b++) {
                State one = first.next(pair.one(), b);
                State other = one.isDead() ? one : second.next(pair.other(), b);
                if (one.isDead() || other.isDead()) {
                    continue;
                }
                Pair next = new Pair(one, other);
                own.computeIfAbsent(next, fresh -> new long[4])[b >> 6] |= 1L << b;
                before.computeIfAbsent(next, fresh -> new ArrayList<>()).add(pair);
                if (steps.putIfAbsent(next, new LinkedHashMap<>()) == null) {
                    open.add(next);
                }
            }
            if (steps.size() > MOST_STATES) {
                throw new UnsupportedGrammarException(
                        "a pattern, a format and a length are too large to be held together:" + " more than "
                                + MOST_STATES + " states; leave one of them out");
            }
        }
    }

    private Expr body(Pair pair, Map<Pair, Expr.Rule> rules) {
        List<Expr> ways = new ArrayList<>();
        if (pair.one().accepts && pair.other().accepts) {
            ways.add(exprs.empty);
        }
        steps.getOrDefault(pair, Map.of()).forEach((next, bytes) -> {
            Expr.Rule rule = rules.get(next);
            if (rule != null) {
                ways.add(exprs.sequence(exprs.bytes(bytes[0], bytes[1], bytes[2], bytes[3]), rule));
            }
        });
        return exprs.choice(ways);
    }
}
