package io.github.internvl.internal.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which terms have a string at all: one that needs itself has none. */
final class FiniteTerms {
    private FiniteTerms() {}

    /** Whether a term has a string, and each rule in it does. */
    static boolean all(Term root) {
        Map<Term, List<Term>> above = new HashMap<>(Map.of(root, new ArrayList<>()));
        Deque<Term> open = new ArrayDeque<>(List.of(root));
        Deque<Term> found = new ArrayDeque<>();
        Set<Term> finite = new HashSet<>();
        while (!open.isEmpty()) {
            Term term = open.remove();
            for (Term part : term.parts()) {
                if (!above.containsKey(part)) {
                    open.add(part);
                }
                above.computeIfAbsent(part, fresh -> new ArrayList<>(1)).add(term);
            }
            if (isFinite(term, Set.of()) && finite.add(term)) {
                found.add(term);
            }
        }
        while (!found.isEmpty()) {
            for (Term term : above.getOrDefault(found.remove(), List.of())) {
                if (!finite.contains(term) && isFinite(term, finite)) {
                    finite.add(term);
                    found.add(term);
                }
            }
        }
        return finite.contains(root)
                && above.keySet().stream().filter(Term.Rule.class::isInstance).allMatch(finite::contains);
    }

    private static boolean isFinite(Term term, Set<Term> finite) {
        if (term instanceof Term.Choice choice) {
            return choice.ways.stream().anyMatch(finite::contains);
        }
        return (term instanceof Term.Repeat repeat && repeat.min == 0) || finite.containsAll(term.parts());
    }
}
