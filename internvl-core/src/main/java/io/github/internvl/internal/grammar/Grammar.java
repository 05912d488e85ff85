package io.github.internvl.internal.grammar;

import io.github.internvl.internal.grammar.Automaton.State;

/** A format that has been compiled, with what is known of its states so far. Thread-safe: requests share it. */
final class Grammar {
    private static final int MOST_MASKS = 512;

    private final Lexicon lexicon;
    private final Automaton automaton;
    private final Term character;
    private int masks;

    Grammar(Lexicon lexicon, Terms terms, Term root, Term character) {
        this.lexicon = lexicon;
        this.automaton = new Automaton(terms, root);
        this.character = character;
    }

    /** The state of an empty answer. */
    synchronized State start() {
        return automaton.start();
    }

    /** The state after one more token. */
    synchronized State after(State state, int id) {
        return automaton.next(state, lexicon.bytes(id));
    }

    /** The tokens that may follow, a bit each. */
    synchronized long[] allowed(State state) {
        if (state.mask == null && ++masks > MOST_MASKS) {
            automaton.forget();
            masks = 0;
        }
        return lexicon.allowed(automaton, state, character);
    }
}
