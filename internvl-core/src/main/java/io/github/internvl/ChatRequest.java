package io.github.internvl;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One question with its pictures, the conversation before it, and the settings of the answer. Immutable; {@link #builder()}
 * makes one.
 *
 * <p>Tags {@code <image>} place the pictures in the text: one tag takes all of them (combined), and as many tags as pictures
 * take one each (separate). A text without a tag gets {@code <image>} and a newline in front; of a checkpoint with a processor
 * of transformers ({@code *-hf}) one for each picture. The frames of a video are pictures too: a text without a tag gets a line
 * {@code Frame1: <image>} and so on for each, and a frame has one tile unless {@code maxTiles} says otherwise. The reference is
 * {@code model.chat(tokenizer, pixel_values, question, generation_config, history)}; its {@code num_patches_list} is derived.
 *
 * <p>As in the reference, special tokens in a text keep their meaning: {@code <|im_end|>} typed by a user ends the user's turn.
 * {@link Builder#untrustedText} makes ordinary text of them, for input from strangers.
 */
public final class ChatRequest {
    private final String text;
    private final List<Image> images;
    private final boolean frames;
    private final List<Turn> history;
    private final @Nullable String systemMessage;
    private final Tiling questionTiling;
    private final Tiling tiling;
    private final List<Tool> tools;
    private final Tool.Choice toolChoice;
    private final GenerationConfig generation;
    private final @Nullable Duration timeout;
    private final int priority;
    private final boolean untrustedText;
    private final boolean thinking;
    private final @Nullable RequestBudget budget;

    private ChatRequest(Builder builder, String text) {
        this.text = text;
        this.images = builder.images;
        this.frames = builder.frames;
        this.history = builder.history;
        this.systemMessage = builder.systemMessage;
        this.questionTiling = builder.questionTiling;
        this.tiling = builder.tiling;
        this.tools = builder.tools;
        this.toolChoice = builder.toolChoice;
        this.generation = builder.generation.build();
        this.timeout = builder.timeout;
        this.priority = builder.priority;
        this.untrustedText = builder.untrustedText;
        this.thinking = builder.thinking;
        this.budget = builder.budget;
    }

    /** A question with defaults for everything else. */
    public static ChatRequest of(String text, Image... images) {
        return builder().text(text, images).build();
    }

    /** Starts a request. */
    public static Builder builder() {
        return new Builder();
    }

    /** Starts from this request. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.text = text;
        builder.images = images;
        builder.frames = frames;
        builder.history = history;
        builder.systemMessage = systemMessage;
        builder.questionTiling = questionTiling;
        builder.tiling = tiling;
        builder.tools = tools;
        builder.toolChoice = toolChoice;
        builder.generation = generation.toBuilder();
        builder.timeout = timeout;
        builder.priority = priority;
        builder.untrustedText = untrustedText;
        builder.thinking = thinking;
        return builder;
    }

    /** The question as given, for a video with the lines of its frames. */
    public String text() {
        return frames ? MessageFold.framed(text, images.size()) : text;
    }

    /** Whether its pictures are the frames of a video. */
    public boolean hasFrames() {
        return frames;
    }

    /** The pictures of the question, or the frames of its video, in order. */
    public List<Image> images() {
        return images;
    }

    /** The rounds before it, oldest first. */
    public List<Turn> history() {
        return history;
    }

    /** The replacement of the model's own system message; null to keep that. */
    public @Nullable String systemMessage() {
        return systemMessage;
    }

    /** How its pictures are cut into tiles; the frames of a video have one tile unless it says otherwise. */
    public Tiling tiling() {
        Tiling wanted = questionTiling.or(tiling);
        return frames ? wanted.or(Tiling.OPEN.withMaxTiles(1)) : wanted;
    }

    /** The tools that the model may call. */
    public List<Tool> tools() {
        return tools;
    }

    /** The rule for calling tools. */
    public Tool.Choice toolChoice() {
        return toolChoice;
    }

    /** The generation settings. */
    public GenerationConfig generation() {
        return generation;
    }

    /** The format that the answer keeps: a call of a tool if the choice requires one, else that of {@link #generation}. */
    public OutputFormat format() {
        return toolChoice.isForced()
                ? OutputFormat.call(tools.stream()
                        .filter(tool -> toolChoice.tool().orElse(tool.name()).equals(tool.name()))
                        .toList())
                : generation.format();
    }

    /** The time limit, after which the answer ends incomplete; null for none. */
    public @Nullable Duration timeout() {
        return timeout;
    }

    /** The priority, 0 unless set. Requests of a higher priority are served first. */
    public int priority() {
        return priority;
    }

    /** Whether special tokens in its texts are ordinary text. */
    public boolean untrustedText() {
        return untrustedText;
    }

    /** Whether the thinking at the beginning of an answer comes apart from its text. */
    public boolean thinking() {
        return thinking;
    }

    /** The work that it may cause before the engine admits it; null for the usual limits. It stays with one request: {@link #toBuilder} leaves it out. */
    public @Nullable RequestBudget budget() {
        return budget;
    }

    /** The question in short, for the application's own logs; contains the user's text. */
    @Override
    public String toString() {
        return "ChatRequest[text=" + text + ", images=" + images + ", rounds=" + history.size() + ", " + generation
                + "]";
    }

    /** Collects a request; each method checks its value. Not thread-safe. */
    public static final class Builder {
        static final int FRAMES = 32; // num_segments of the model cards' load_video

        private @Nullable String text;
        private List<Image> images = List.of();
        private boolean frames;
        private List<Turn> history = List.of();
        private @Nullable String systemMessage;
        private Tiling questionTiling = Tiling.OPEN; // of messages
        private Tiling tiling = Tiling.OPEN;
        private List<Tool> tools = List.of();
        private Tool.Choice toolChoice = Tool.Choice.auto();
        private GenerationConfig.Builder generation = GenerationConfig.builder();
        private @Nullable Duration timeout;
        private int priority;
        private boolean untrustedText;
        private boolean thinking;
        private @Nullable RequestBudget budget;

        private Builder() {}

        /** Sets the question. */
        public Builder text(String question) {
            this.text = question;
            return this;
        }

        /** Sets the question and its pictures, in place of any before. */
        public Builder text(String question, Image... pictures) {
            return text(question).images(Arrays.asList(pictures));
        }

        /** Sets the pictures of the question, in place of any before and of a video. */
        public Builder images(List<Image> pictures) {
            this.images = List.copyOf(pictures);
            this.frames = false;
            this.questionTiling = Tiling.OPEN;
            return this;
        }

        /** Sets 32 frames of a video, as the model cards' {@code load_video} does, in place of any pictures before. */
        public Builder video(Video video) {
            return video(video, FRAMES);
        }

        /** Sets {@code count} frames of a video in place of any pictures before. */
        public Builder video(Video video, int count) {
            return video(video, Video.Sampling.frames(count));
        }

        /**
         * Sets frames of a video in place of any pictures before. They are decoded here, by the calling thread, and go into
         * the history with the answer; later questions of a {@link Conversation} about the video no longer need it.
         */
        public Builder video(Video video, Video.Sampling sampling) {
            images(video.sample(sampling));
            this.frames = true;
            return this;
        }

        /**
         * Sets the whole dialogue, which ends with a message of the user or a tool result: the question and its pictures, the
         * history and the system message, in place of any before. {@link Message} has the rules. Throws a {@link
         * Message.MisplacedException} if messages cannot follow each other so.
         */
        public Builder messages(List<Message> dialogue) {
            MessageFold fold = MessageFold.of(dialogue);
            MessageFold.Question asked = fold.question();
            images(asked.images()).text(asked.text()).history(fold.rounds());
            this.frames = asked.hasFrames();
            this.questionTiling = asked.tiling();
            this.systemMessage = fold.systemMessage();
            return this;
        }

        /** Sets the rounds before the question, oldest first, in place of any before. */
        public Builder history(List<Turn> rounds) {
            this.history = List.copyOf(rounds);
            return this;
        }

        /** Replaces the model's own system message; an empty one is written as an empty message. */
        public Builder systemMessage(String message) {
            this.systemMessage = message;
            return this;
        }

        /** Sets the most tiles of a picture, 1 to 1024, without its thumbnail ({@code max_num}); see {@link Image#withMaxTiles}. */
        public Builder maxTiles(int tiles) {
            this.tiling = tiling.withMaxTiles(tiles);
            return this;
        }

        /** Sets the fewest tiles of a picture, 1 to 1024, without its thumbnail ({@code min_num}). */
        public Builder minTiles(int tiles) {
            this.tiling = tiling.withMinTiles(tiles);
            return this;
        }

        /** Sets whether a picture of several tiles gets one more, the whole of it ({@code use_thumbnail}). */
        public Builder thumbnail(boolean wanted) {
            this.tiling = tiling.withThumbnail(wanted);
            return this;
        }

        /** Sets the tools that the model may call, in place of any before. */
        public Builder tools(Tool... functions) {
            return tools(Arrays.asList(functions));
        }

        /** Sets the tools that the model may call, in place of any before. */
        public Builder tools(List<Tool> functions) {
            this.tools = List.copyOf(functions);
            return this;
        }

        /** Sets whether the model must, may or must not call a tool; without it, it may. */
        public Builder toolChoice(Tool.Choice choice) {
            this.toolChoice = choice;
            return this;
        }

        /** Sets the question to the results of the calls that the answer before asked for, in their order. */
        public Builder toolResults(String... results) {
            return text(MessageFold.toolResults(Arrays.asList(results)));
        }

        /** Sets what the answer may look like. */
        public Builder format(OutputFormat shape) {
            generation.format(shape);
            return this;
        }

        /** Sets all generation settings at once. */
        public Builder generation(GenerationConfig config) {
            this.generation = config.toBuilder();
            return this;
        }

        /** Sets the most tokens of the answer. */
        public Builder maxNewTokens(int tokens) {
            generation.maxNewTokens(tokens);
            return this;
        }

        /** Sets the temperature and switches sampling on. */
        public Builder temperature(double value) {
            generation.temperature(value);
            return this;
        }

        /** Sets top-k and switches sampling on. */
        public Builder topK(int tokens) {
            generation.topK(tokens);
            return this;
        }

        /** Sets top-p and switches sampling on. */
        public Builder topP(double probability) {
            generation.topP(probability);
            return this;
        }

        /** Makes a sampled answer repeatable. */
        public Builder seed(long value) {
            generation.seed(value);
            return this;
        }

        /** Sets texts that end the answer, in place of any before. */
        public Builder stop(String... texts) {
            generation.stop(texts);
            return this;
        }

        /**
         * Sets the time that the answer may take, preparation and waiting included; it ends then as it is, perhaps empty, with
         * {@link ChatResponse.FinishReason#TIMEOUT}. If it is over while a long request is still prepared, the request is
         * refused with a {@link RequestBudget.ExceededException}.
         */
        public Builder timeout(Duration most) {
            boolean some = !most.isNegative() && !most.isZero();
            this.timeout = SettingsCheck.require(some, "timeout must be longer than nothing", most);
            return this;
        }

        /** Sets the priority: waiting requests with a higher one are served first. Without it 0. */
        public Builder priority(int value) {
            this.priority = value;
            return this;
        }

        /**
         * Sets whether the texts come from strangers: then special tokens in the question, the history, the system message and the
         * tools are ordinary text, written with a space after their first character. Without it they are tokens, as in the
         * reference. The tokens of grounding, such as {@code <ref>}, and {@code <image>} tags keep their meaning, and so do the
         * marks of tool calls in answers of the history.
         */
        public Builder untrustedText(boolean ordinary) {
            this.untrustedText = ordinary;
            return this;
        }

        /**
         * Sets whether the answer may begin with thinking: text between {@code <think>} and {@code </think>}, which InternVL3.5
         * writes where the {@linkplain #systemMessage system message} asks for it. The thinking is then apart from the text
         * ({@link ChatResponse#thinking}), the history goes on without it, and a format holds from its end on. Without it, such
         * words are text as any others, and a format holds from the first token.
         */
        public Builder thinking(boolean apart) {
            this.thinking = apart;
            return this;
        }

        /** Sets the work that the request may cause before the engine admits it, and its deadline. A budget serves one request. */
        public Builder budget(RequestBudget work) {
            this.budget = work;
            return this;
        }

        /** Makes the request. */
        public ChatRequest build() {
            if (text == null) {
                throw new InvalidRequestException("a request needs a text: call text(...) before build()");
            }
            ChatRequest request = new ChatRequest(this, text);
            SettingsCheck.checkTools(tools, toolChoice, request.generation);
            return request;
        }
    }

    /**
     * One past round of a conversation. Immutable.
     *
     * @param question the question as it stands in the prompt, with its {@code <image>} tags
     * @param images the pictures of the question
     * @param tiling how its pictures are cut into tiles; where it is open, as the request says
     * @param answer the answer
     */
    public record Turn(String question, List<Image> images, Tiling tiling, String answer) {

        /** Copies the list. */
        public Turn {
            images = List.copyOf(images);
        }

        /** A round with pictures, with the tiling of the request that contains it. */
        public Turn(String question, List<Image> images, String answer) {
            this(question, images, Tiling.OPEN, answer);
        }

        /** A round without pictures. */
        public Turn(String question, String answer) {
            this(question, List.of(), answer);
        }
    }
}
