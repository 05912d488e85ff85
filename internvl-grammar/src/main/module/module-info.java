/** Formats as automata over bytes, for the engine. */
module io.github.internvl.grammar {
    requires com.google.gson;
    requires static org.jspecify;

    exports io.github.internvl.grammar to
            io.github.internvl;
}
