package io.github.internvl.tokenizer;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A tokenizer file that is missing, damaged or of an unsupported kind; the message names the file, the rule and the remedy. */
public final class TokenizerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TokenizerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    TokenizerException(Path file, String problem) {
        this(file + ": " + problem, null);
    }

    /** The native tokenizer cannot be made of the file. */
    static TokenizerException refused(Path file, Throwable cause) {
        return new TokenizerException(
                file + ": must make a tokenizer, but does not (" + cause.getMessage()
                        + "); download the tokenizer files again from the checkpoint's repository",
                cause);
    }

    static TokenizerException unreadable(Path file, Throwable cause) {
        return new TokenizerException(
                file + ": cannot be read (" + cause.getMessage()
                        + "); download it again from the checkpoint's repository",
                cause);
    }
}
