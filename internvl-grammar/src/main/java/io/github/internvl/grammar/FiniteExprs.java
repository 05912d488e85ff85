package io.github.internvl.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The check that an expression has a string at all: one that requires itself has none. */
final class FiniteExprs {
    private FiniteExprs() {}

    /** Whether an expression has a string, and each rule in it does. */
    static boolean all(Expr root) {
        Map<Expr, List<Expr>> above = new HashMap<>(Map.of(root, new ArrayList<>()));
        Deque<Expr> open = new ArrayDeque<>(List.of(root));
        Deque<Expr> found = new ArrayDeque<>();
        Set<Expr> finite = new HashSet<>();
        while (!open.isEmpty()) {
            Expr expr = open.remove();
            for (Expr part : expr.parts()) {
                if (!above.containsKey(part)) {
                    open.add(part);
                }
                above.computeIfAbsent(part, fresh -> new ArrayList<>(1)).add(expr);
            }
            if (isFinite(expr, Set.of()) && finite.add(expr)) {
                found.add(expr);
            }
        }
        while (!found.isEmpty()) {
            for (Expr expr : above.getOrDefault(found.remove(), List.of())) {
                if (!finite.contains(expr) && isFinite(expr, finite)) {
                    finite.add(expr);
                    found.add(expr);
                }
            }
        }
        return finite.contains(root)
                && above.keySet().stream().filter(Expr.Rule.class::isInstance).allMatch(finite::contains);
    }

    private static boolean isFinite(Expr expr, Set<Expr> finite) {
        if (expr instanceof Expr.Choice choice) {
            return choice.ways.stream().anyMatch(finite::contains);
        }
        return (expr instanceof Expr.Repeat repeat && repeat.min == 0) || finite.containsAll(expr.parts());
    }
}
