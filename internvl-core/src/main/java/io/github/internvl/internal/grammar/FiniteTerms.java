package io.github.internvl.internal.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Which terms have a string at all: one that needs itself has none. */
final class FiniteTerms {
    private FiniteTerms() {}

    /** Whether a term has a string, and each rule in it does. */
    static boolean all(Term root) {
        Set<Term> reached = new LinkedHashSet<>(Set.of(root));
        Deque<Term> open = new ArrayDeque<>(reached);
        while (!open.isEmpty()) {
            for (Term part : open.remove().parts()) {
                if (reached.add(part)) {
                    open.add(part);
                }
            }
        }
        List<Term> upwards = new ArrayList<>(reached);
        Collections.reverse(upwards);
        Set<Term> finite = new HashSet<>();
        int before;
        do {
            before = finite.size();
            for (Term term : upwards) {
                if (isFinite(term, finite)) {
                    finite.add(term);
                }
            }
        } while (finite.size() > before);
        return finite.contains(root)
                && reached.stream().filter(Term.Rule.class::isInstance).allMatch(finite::contains);
    }

    private static boolean isFinite(Term term, Set<Term> finite) {
        if (term instanceof Term.Choice choice) {
            return choice.ways.stream().anyMatch(finite::contains);
        }
        return (term instanceof Term.Repeat repeat && repeat.min == 0) || finite.containsAll(term.parts());
    }
}
