package io.github.internvl.grammar;

import io.github.internvl.tokenizer.Tokenizer;
import java.nio.file.Path;

/** The tokenizers of the project's small checkpoints. */
final class SmallTokenizers {
    private static final Path GOLDENS = Path.of("..", "src", "test", "resources", "goldens", "conformance");

    /** Bytes of UTF-8 as letters. */
    static final Tokenizer QWEN = load("tiny-qwen");

    /** Pieces with a mark for spaces. */
    static final Tokenizer INTERNLM2 = load("tiny-internlm2");

    private SmallTokenizers() {}

    private static Tokenizer load(String checkpoint) {
        return Tokenizer.load(GOLDENS.resolve(checkpoint).resolve("model"));
    }
}
