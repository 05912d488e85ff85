/** The tokenizers of InternVL checkpoints. */
module io.github.internvl.tokenizer {
    requires ai.djl.tokenizers;
    requires com.google.gson;
    requires static org.jspecify;

    exports io.github.internvl.tokenizer;
}
