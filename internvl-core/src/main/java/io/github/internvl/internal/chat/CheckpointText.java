package io.github.internvl.internal.chat;

import io.github.internvl.CheckpointException;
import io.github.internvl.internal.checkpoint.ChatTemplate;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.tokenizer.TokenizerException;
import java.nio.file.Path;
import java.util.List;

/**
 * The tokenizer and the chat template of a checkpoint.
 *
 * @param tokenizer the tokenizer, which the caller closes
 * @param template the dialogue format with the system message in force
 */
public record CheckpointText(Tokenizer tokenizer, ChatTemplate template) {

    /** Reads both, and checks that they belong to the model; throws {@link CheckpointException} if not. */
    public static CheckpointText open(Path folder, ModelConfig config) {
        ChatTemplate template = template(folder, config);
        Tokenizer tokenizer = tokenizer(folder);
        try {
            check(folder, tokenizer, template, config);
            return new CheckpointText(tokenizer, template);
        } catch (RuntimeException | Error e) {
            tokenizer.close();
            throw e;
        }
    }

    /**
     * Tokenizer and model must be of one checkpoint. Only transformers' own layout has tokens without an embedding
     * ({@code <video>}); requests with them are refused.
     */
    private static void check(Path folder, Tokenizer tokenizer, ChatTemplate template, ModelConfig config) {
        if (config.layout() != ModelConfig.Layout.NATIVE
                && tokenizer.size() > config.language().vocabulary()) {
            throw new CheckpointException(folder + ": the tokenizer has ids up to " + (tokenizer.size() - 1)
                    + ", but the model's vocabulary ends at "
                    + (config.language().vocabulary() - 1)
                    + "; take the tokenizer's files from the same checkpoint");
        }
        for (String token : List.of(template.stopText(), PromptBuilder.CONTEXT_TOKEN)) {
            if (tokenizer.id(token).isEmpty()) {
                throw new CheckpointException(folder + ": the tokenizer has no token " + token + ", which template "
                        + config.template() + " needs");
            }
        }
    }

    private static ChatTemplate template(Path folder, ModelConfig config) {
        try {
            ChatTemplate template = ChatTemplate.named(config.template());
            if (config.layout() == ModelConfig.Layout.NATIVE) {
                return template.withoutSystemMessage();
            }
            return config.systemMessage() == null ? template : template.withSystemMessage(config.systemMessage());
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(folder.resolve("config.json") + ": " + e.getMessage(), e);
        }
    }

    private static Tokenizer tokenizer(Path folder) {
        try {
            return Tokenizer.load(folder);
        } catch (TokenizerException e) {
            throw new CheckpointException(String.valueOf(e.getMessage()), e);
        }
    }
}
