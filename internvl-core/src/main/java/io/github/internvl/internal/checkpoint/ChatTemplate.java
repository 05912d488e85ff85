package io.github.internvl.internal.checkpoint;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A dialogue format: writes a system message and a dialogue as one prompt, exactly as the reference's {@code conversation.py} does.
 * {@code internvl2_5} is the format of InternVL 2.5, 3 and 3.5; the others belong to earlier models. Immutable and thread-safe.
 */
public final class ChatTemplate {
    /**
     * One question and its answer.
     *
     * @param answer null where the answer is still to come: the prompt then ends where the model goes on
     */
    public record Turn(String question, @Nullable String answer) {
        /** A question whose answer is still to come. */
        public Turn(String question) {
            this(question, null);
        }
    }

    /**
     * The texts around the messages.
     *
     * @param gap what a message has in front of it, after the head of its role
     */
    private record Format(
            String name,
            String system,
            String systemEnd,
            String user,
            String userEnd,
            String assistant,
            String assistantEnd,
            String gap) {

        /** The common form, where every message has the same end. */
        static Format uniform(String name, String system, String user, String assistant, String end) {
            return new Format(name, system, end, user, end, assistant, end, "");
        }
    }

    private static final String EARLIER_SYSTEM_MESSAGE = "你是由上海人工智能实验室联合商汤科技开发的书生多模态大模型，英文名叫InternVL, 是一个有用无害的人工智能助手。";

    private static final Map<String, ChatTemplate> KNOWN = new TreeMap<>();

    static {
        String system = "<|im_start|>system\n";
        String user = "<|im_start|>user\n";
        String assistant = "<|im_start|>assistant\n";
        add(
                Format.uniform("internvl2_5", system, user, assistant, "<|im_end|>\n"),
                "你是书生·万象，英文名是InternVL，是由上海人工智能实验室、清华大学及多家合作单位联合开发的多模态大语言模型。");
        add(Format.uniform("internlm2-chat", system, user, assistant, "<|im_end|>"), EARLIER_SYSTEM_MESSAGE);
        add(Format.uniform("Hermes-2", system, user, assistant, "<|im_end|>"), EARLIER_SYSTEM_MESSAGE);
        add(
                Format.uniform("phi3-chat", "<|system|>\n", "<|user|>\n", "<|assistant|>\n", "<|end|>"),
                EARLIER_SYSTEM_MESSAGE);
        add(new Format("internvl_zh", "", " ", "<human>:", " ", "<bot>:", "</s>", " "), "");
    }

    private final Format format;
    private final @Nullable String systemMessage;

    private ChatTemplate(Format format, @Nullable String systemMessage) {
        this.format = format;
        this.systemMessage = systemMessage;
    }

    private static void add(Format format, String systemMessage) {
        KNOWN.put(format.name(), new ChatTemplate(format, systemMessage));
    }

    /**
     * The format of a name, as {@code template} in a checkpoint's {@code config.json} gives it, with its default system message.
     *
     * @throws IllegalArgumentException if there is no such format
     */
    public static ChatTemplate named(String name) {
        ChatTemplate template = KNOWN.get(name);
        if (template == null) {
            throw new IllegalArgumentException("template must be one of " + KNOWN.keySet() + ": " + name);
        }
        return template;
    }

    /** The same format with another system message; an empty one is written as an empty system message. */
    public ChatTemplate withSystemMessage(String message) {
        return new ChatTemplate(format, message);
    }

    /** The same format without a system message: not even its head is written, as transformers' own templates have it. */
    public ChatTemplate withoutSystemMessage() {
        return new ChatTemplate(format, null);
    }

    /** The system message in force, if there is one. */
    public Optional<String> systemMessage() {
        return Optional.ofNullable(systemMessage);
    }

    /** The text that ends an answer, such as {@code <|im_end|>}: answers are cut there. */
    public String stopText() {
        return format.assistantEnd().strip();
    }

    /**
     * The prompt of a dialogue. A message that is absent or empty is only the head of its role: with the last answer absent the prompt ends
     * there, and the model goes on. Messages are taken as they are, with {@code <image>} tags and special tokens in them.
     */
    public String render(List<Turn> turns) {
        StringBuilder prompt = new StringBuilder();
        if (systemMessage != null) {
            prompt.append(format.system()).append(systemMessage).append(format.systemEnd());
        }
        for (Turn turn : turns) {
            message(prompt, format.user(), turn.question(), format.userEnd());
            message(prompt, format.assistant(), turn.answer(), format.assistantEnd());
        }
        return prompt.toString();
    }

    private void message(StringBuilder prompt, String head, @Nullable String text, String end) {
        prompt.append(head);
        if (text != null && !text.isEmpty()) {
            prompt.append(format.gap()).append(text).append(end);
        }
    }
}
