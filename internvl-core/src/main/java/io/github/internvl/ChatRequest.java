package io.github.internvl;

import io.github.internvl.vision.Image;
import io.github.internvl.vision.Video;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
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
 * {@link Builder#untrustedText} makes ordinary text of them, for untrusted input.
 */
public final class ChatRequest {
    private final String text;
    private final Builder set; // a copy that is never changed
    private final GenerationConfig generation;

    private ChatRequest(String text, Builder set) {
        this.text = text;
        this.set = new Builder(set);
        this.set.budget = set.budget;
        this.generation = set.generation.build();
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
        return new Builder(set);
    }

    /** The question as given, for a video with the lines of its frames. */
    public String text() {
        return set.frames ? MessageFold.framed(text, set.images.size()) : text;
    }

    /** Whether its pictures are the frames of a video. */
    public boolean hasFrames() {
        return set.frames;
    }

    /** The pictures of the question, or the frames of its video, in order. */
    public List<Image> images() {
        return set.images;
    }

    /** The rounds before it, oldest first. */
    public List<Turn> history() {
        return set.history;
    }

    /** The replacement of the model's own system message; null to keep that. */
    public @Nullable String systemMessage() {
        return set.systemMessage;
    }

    /** How its pictures are cut into tiles; the frames of a video have one tile unless it says otherwise. */
    public Tiling tiling() {
        return set.questionTiling.or(set.tiling).or(set.frames ? Tiling.OPEN.withMaxTiles(1) : Tiling.OPEN);
    }

    /** The tools that the model may call. */
    public List<Tool> tools() {
        return set.tools;
    }

    /** The rule for calling tools. */
    public Tool.Choice toolChoice() {
        return set.toolChoice;
    }

    /** The generation settings. */
    public GenerationConfig generation() {
        return generation;
    }

    /** The format that the answer keeps: that of {@link #generation}, or a call of a tool where the choice requires or allows one. */
    public OutputFormat format() {
        return set.toolChoice.format(set.tools, generation.format());
    }

    /** The time limit, after which the answer ends incomplete; null for none. */
    public @Nullable Duration timeout() {
        return set.timeout;
    }

    /** The priority, 0 unless set. Requests of a higher priority are served first. */
    public int priority() {
        return set.priority;
    }

    /** Whether special tokens in its texts are ordinary text. */
    public boolean untrustedText() {
        return set.untrustedText;
    }

    /** Whether the thinking at the beginning of an answer comes apart from its text. */
    public boolean thinking() {
        return set.thinking;
    }

    /** The work that it may cause before the engine admits it; null for the usual limits. It stays with one request: {@link #toBuilder} leaves it out. */
    public @Nullable RequestBudget budget() {
        return set.budget;
    }

    /** The question in short, for the application's own logs; contains the user's text. */
    @Override
    public String toString() {
        return "ChatRequest[text=" + text + ", images=" + set.images + ", rounds=" + set.history.size() + ", "
                + generation + "]";
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

        private Builder(Builder from) {
            this.text = from.text;
            this.images = from.images;
            this.frames = from.frames;
            this.history = from.history;
            this.systemMessage = from.systemMessage;
            this.questionTiling = from.questionTiling;
            this.tiling = from.tiling;
            this.tools = from.tools;
            this.toolChoice = from.toolChoice;
            this.generation = from.generation.build().toBuilder();
            this.timeout = from.timeout;
            this.priority = from.priority;
            this.untrustedText = from.untrustedText;
            this.thinking = from.thinking;
        }

        /** Sets the question. */
        public Builder text(String question) {
            this.text = question;
            return this;
        }

        /** Sets the question and its pictures, in place of any before. */
        public Builder text(String question, Image... pictures) {
            return text(question).images(List.of(pictures));
        }

        /** Sets the pictures of the question, in place of any before and of a video. */
        public Builder images(List<Image> pictures) {
            return images(pictures, false);
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
            return images(video.sample(sampling), true);
        }

        /**
         * Sets the whole dialogue, which ends with a message of the user or a tool result: the question and its pictures, the
         * history and the system message, in place of any before. {@link Message} has the rules. Throws a {@link
         * Message.MisplacedException} if messages cannot follow each other so.
         */
        public Builder messages(List<Message> dialogue) {
            MessageFold fold = MessageFold.of(dialogue);
            MessageFold.Question asked = fold.question();
            images(asked.images(), asked.hasFrames()).text(asked.text()).history(fold.rounds());
            this.questionTiling = asked.tiling();
            this.systemMessage = fold.systemMessage();
            return this;
        }

        private Builder images(List<Image> pictures, boolean ofVideo) {
            this.images = List.copyOf(pictures);
            this.frames = ofVideo;
            this.questionTiling = Tiling.OPEN;
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
            return tools(List.of(functions));
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
            return text(MessageFold.toolResults(List.of(results)));
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
         * Sets whether the texts are untrusted: then special tokens in the question, the history, the system message and the
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
            ChatRequest request = new ChatRequest(text, this);
            SettingsCheck.checkTools(tools, toolChoice, request.generation);
            return request;
        }
    }

    /**
     * The limits within which pictures are cut into tiles: {@code min_num}, {@code max_num} and {@code use_thumbnail} of the
     * model cards' {@code load_image}. A limit left open is the request's, and at last the checkpoint's own. Immutable.
     *
     * @param minTiles fewest tiles of a picture, without its thumbnail; 1 to 1024, and at most {@code maxTiles}
     * @param maxTiles most tiles of a picture, without its thumbnail; 1 to 1024
     * @param thumbnail whether a picture of several tiles gets one more, the whole of it
     */
    public record Tiling(OptionalInt minTiles, OptionalInt maxTiles, Optional<Boolean> thumbnail) {
        /** All limits left open. */
        public static final Tiling OPEN = new Tiling(OptionalInt.empty(), OptionalInt.empty(), Optional.empty());

        /** Checks the numbers. */
        public Tiling {
            SettingsCheck.tiling(minTiles, maxTiles);
        }

        /** The same tiling with another fewest number of tiles. */
        public Tiling withMinTiles(int tiles) {
            return new Tiling(OptionalInt.of(tiles), maxTiles, thumbnail);
        }

        /** The same tiling with another largest number of tiles. */
        public Tiling withMaxTiles(int tiles) {
            return new Tiling(minTiles, OptionalInt.of(tiles), thumbnail);
        }

        /** The same tiling with or without a thumbnail. */
        public Tiling withThumbnail(boolean wanted) {
            return new Tiling(minTiles, maxTiles, Optional.of(wanted));
        }

        /** This tiling, and that of another where this one is open. Fewer tiles at most than the other's fewest are as few. */
        public Tiling or(Tiling other) {
            OptionalInt most = maxTiles.isPresent() ? maxTiles : other.maxTiles;
            OptionalInt least = minTiles.isPresent() ? minTiles : other.minTiles;
            if (least.isPresent() && most.isPresent()) {
                least = OptionalInt.of(Math.min(least.getAsInt(), most.getAsInt()));
            }
            return new Tiling(least, most, thumbnail.isPresent() ? thumbnail : other.thumbnail);
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
