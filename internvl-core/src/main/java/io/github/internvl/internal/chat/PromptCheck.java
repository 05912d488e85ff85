package io.github.internvl.internal.chat;

import io.github.internvl.ChatRequest;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.LogitsProcessor;
import io.github.internvl.OutputFormat;
import io.github.internvl.RequestBudget;
import io.github.internvl.Tool;
import io.github.internvl.internal.checkpoint.ChatTemplate;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.engine.PreparedRequest;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import io.github.internvl.internal.format.FormatRule;
import io.github.internvl.internal.format.Formats;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.PassOrder;
import io.github.internvl.vision.tiles.ImageProcessor;
import io.github.internvl.vision.tiles.TilingOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The checks of a request, and its prompt: tags against pictures, lengths, tokens, the format. All faults of a request are found
 * here, before any picture is tiled and any tensor computed. Thread-safe.
 */
public final class PromptCheck {
    private static final int QUOTED = 200;
    private static final String FIRST_FRAME = "Frame1: " + PromptBuilder.IMAGE_TAG;
    private static final String PROMPT = "prompt"; // the place of its texts in a refusal

    private final ModelConfig config;
    private final PromptBuilder prompts;
    private final Tokenizer tokenizer;
    private @Nullable OrdinaryText ordinary; // these are made for the first request that needs them
    private @Nullable Formats formats;
    private @Nullable ThinkingMarks marks;
    private final Set<Integer> endIds;
    private final Set<Integer> formatEndIds; // with a format, the stop text is a token
    private final String stopText;
    private final ChatTemplate template;
    private final int contextTokens;
    private final PassOrder passOrder;
    private final UnaryOperator<GenerationConfig> defaults;

    /**
     * Makes the checks of a model.
     *
     * @param contextTokens the most tokens of a prompt and its answer together
     * @param defaults adds the checkpoint's sampling settings where a request has none
     */
    public PromptCheck(
            ModelConfig config,
            CheckpointText text,
            int contextTokens,
            PassOrder passOrder,
            UnaryOperator<GenerationConfig> defaults) {
        this.tokenizer = text.tokenizer();
        this.template = text.template();
        this.config = config;
        this.prompts = new PromptBuilder(template, tokenizer);
        this.stopText = template.stopText();
        this.endIds = config.endIds().isEmpty()
                ? tokenizer.id(stopText).stream().boxed().collect(Collectors.toUnmodifiableSet())
                : config.endIds();
        this.formatEndIds = IntStream.concat(
                        endIds.stream().mapToInt(Integer::intValue), tokenizer.id(stopText).stream())
                .boxed()
                .collect(Collectors.toUnmodifiableSet());
        this.contextTokens = contextTokens;
        this.passOrder = passOrder;
        this.defaults = defaults;
    }

    /**
     * Checks a request and writes its prompt; no picture is tiled.
     *
     * @param room the fewest tokens that are too many; a prompt that has as many by its length alone is not tokenized
     * @throws InvalidRequestException if tags, pictures and texts do not fit together
     */
    PreparedRequest check(ChatRequest request, RequestBudget budget, int room) {
        long start = System.nanoTime();
        Draft draft = draft(request, budget, room);
        TokenPrompt prompt = tokens(draft, budget, room);
        for (String stop : request.generation().stopping().texts()) {
            budget.charge(RequestBudget.Work.CHARACTERS, stop.length(), "stop");
        }
        refuseUnknownBiases(request.generation());
        if (request.thinking()) {
            ThinkingMarks.refuseInvisible(tokenizer);
        }
        GenerationConfig settings = settings(request, budget);
        ModelConfig.GenerationDefaults own = config.generation();
        return new PreparedRequest(
                prompt,
                new PreparedRequest.Dialogue(draft.turns(), draft.tilings(), request.thinking()),
                List.of(),
                settings,
                ends(settings),
                config.layout() == ModelConfig.Layout.OFFICIAL
                        ? own.beginId().stream().toArray()
                        : prompt.ids(),
                prompts.badWords(settings.penalties().badWords(), budget),
                urgency(request, budget),
                Duration.ofNanos(System.nanoTime() - start));
    }

    /**
     * A prompt that is not tokenized yet.
     *
     * @param turns the rounds, with all tags
     * @param tilings how the pictures of each are tiled
     * @param text the prompt, each tag's pictures as one token
     * @param visualTokens visual tokens of each tag
     */
    record Draft(List<ChatRequest.Turn> turns, List<TilingOptions> tilings, String text, int[] visualTokens) {
        /** The prompt with as many tokens as the pictures have. */
        String expandedText() {
            return PromptBuilder.expanded(text, visualTokens);
        }
    }

    /** Writes the prompt of a request as text; refuses tags and pictures that do not fit together. */
    Draft draft(ChatRequest request, RequestBudget budget, int room) {
        chargeTexts(request, budget, room);
        Runnable check = () -> budget.check(PROMPT);
        UnaryOperator<String> words =
                request.untrustedText() ? text -> ordinary().of(text, check) : text -> text;
        List<ChatRequest.Turn> turns = new ArrayList<>(request.history());
        turns.add(new ChatRequest.Turn(request.text(), request.images(), request.tiling(), ""));
        if (request.untrustedText()) {
            turns.replaceAll(turn -> ordinary().of(turn, check));
        }
        turns.replaceAll(this::tagged);
        refuseOtherVideos(request, turns);
        String systemMessage = systemMessage(request, words);
        if (turns.stream().anyMatch(turn -> !turn.images().isEmpty())) {
            refuseStrayTags(systemMessage, request.history());
        }
        List<ChatTemplate.Turn> dialogue = new ArrayList<>();
        List<Integer> visual = new ArrayList<>();
        List<TilingOptions> tilings = new ArrayList<>();
        ChatRequest.Tiling usual = tilingOfHistory(request);
        for (ChatRequest.Turn turn : turns) {
            TilingOptions tiling = options(turn.tiling().or(usual));
            dialogue.add(new ChatTemplate.Turn(turn.question(), turn.answer()));
            visual.addAll(visualTokens(turn, tiling));
            tilings.add(tiling);
        }
        dialogue.set(
                dialogue.size() - 1,
                new ChatTemplate.Turn(turns.get(turns.size() - 1).question()));
        String text = prompts.text(systemMessage, dialogue, visual.size());
        return new Draft(
                turns,
                tilings,
                text,
                visual.stream().mapToInt(Integer::intValue).toArray());
    }

    /** The tiling of earlier pictures that have none of their own: the request's without that of its question, be it pictures or frames. */
    private static ChatRequest.Tiling tilingOfHistory(ChatRequest request) {
        return request.history().isEmpty()
                ? ChatRequest.Tiling.OPEN
                : request.toBuilder().images(List.of()).build().tiling();
    }

    /** Tokenizes a prompt, unless it has too many tokens by its length alone. */
    TokenPrompt tokens(Draft draft, RequestBudget budget, int room) {
        long least = prompts.leastTokens(draft.text(), draft.visualTokens());
        if (least >= room) {
            throw tooLong(
                    "at least " + least, Arrays.stream(draft.visualTokens()).sum());
        }
        TokenPrompt prompt = prompts.tokens(draft.text(), draft.visualTokens(), budget);
        refuseUnknownTokens(prompt);
        return prompt;
    }

    /** Refuses texts that cannot fit, and charges the others, before any of them is rewritten. */
    private void chargeTexts(ChatRequest request, RequestBudget budget, int room) {
        List<String> texts = new ArrayList<>(List.of(request.text()));
        request.history().forEach(turn -> texts.addAll(List.of(turn.question(), turn.answer())));
        if (request.systemMessage() != null) {
            texts.add(request.systemMessage());
        }
        long least = 0;
        for (String text : texts) {
            budget.check(PROMPT);
            least += prompts.leastTokens(text, new int[0]);
        }
        if (least >= room) {
            throw tooLong("at least " + least, 0);
        }
        tools(request).forEach(tool -> texts.addAll(List.of(tool.description(), tool.parameters())));
        texts.forEach(text -> budget.charge(RequestBudget.Work.CHARACTERS, text.length(), PROMPT));
    }

    /** The rule that holds answers to the format of a request; unsupported formats are refused. */
    private @Nullable FormatRule rule(ChatRequest request, RequestBudget budget) {
        OutputFormat format = request.format();
        if (format.isText()) {
            return null;
        }
        String place = format.kind() == OutputFormat.Kind.TOOL_CALL ? "tools" : "format";
        GenerationConfig settings = request.generation();
        int branches = Math.max(settings.answers(), settings.beamSearch().beams());
        return formats().rule(format, branches, steps -> budget.charge(RequestBudget.Work.FORMAT_STEPS, steps, place));
    }

    private synchronized Formats formats() {
        Formats known = formats == null ? new Formats(tokenizer, formatEndIds) : formats;
        formats = known;
        return known;
    }

    private synchronized OrdinaryText ordinary() {
        OrdinaryText known = ordinary == null ? new OrdinaryText(tokenizer) : ordinary;
        ordinary = known;
        return known;
    }

    private void refuseUnknownTokens(TokenPrompt prompt) {
        int vocabulary = config.language().vocabulary();
        for (int id : prompt.ids()) {
            if (id >= vocabulary) {
                throw new InvalidRequestException("the text must not contain the token " + prompts.token(id)
                        + ", which the model has no embedding for: id " + id + " of " + vocabulary + "; leave it out");
            }
        }
    }

    /** Refuses a checked request whose prompt leaves no room for an answer. */
    PreparedRequest fits(PreparedRequest request) {
        TokenPrompt prompt = request.prompt();
        if (prompt.ids().length >= contextTokens) {
            throw tooLong(String.valueOf(prompt.ids().length), prompt.visualPlaces().length);
        }
        return request;
    }

    private InvalidRequestException tooLong(String tokens, int visual) {
        return new InvalidRequestException("the prompt must be shorter than the context of " + contextTokens
                + " tokens: " + tokens + ", " + visual + " of them visual; "
                + "lower maxTiles, leave out pictures or history, or load the model with a longer contextLength");
    }

    int contextTokens() {
        return contextTokens;
    }

    /** The generation settings of a request, with the checkpoint's own and the processor that holds its answer to its format. */
    private GenerationConfig settings(ChatRequest request, RequestBudget budget) {
        GenerationConfig settings = request.generation();
        FormatRule rule = rule(request, budget);
        if (rule != null) {
            List<LogitsProcessor> processors = new ArrayList<>(settings.processors());
            processors.add(new FormatProcessor(rule, request.thinking() ? marks() : null));
            settings = settings.toBuilder()
                    .format(request.format())
                    .processors(processors.toArray(LogitsProcessor[]::new))
                    .build();
        }
        return defaults.apply(settings);
    }

    /** The marks of thinking, which are looked up in the whole vocabulary for the first request that needs them. */
    private synchronized ThinkingMarks marks() {
        ThinkingMarks known = marks == null ? new ThinkingMarks(tokenizer, formatEndIds) : marks;
        marks = known;
        return known;
    }

    private PreparedRequest.Ends ends(GenerationConfig settings) {
        if (settings.stopping().ignoreEnd()) {
            return PreparedRequest.Ends.NONE;
        }
        return settings.format().isText()
                ? new PreparedRequest.Ends(endIds, List.of(stopText))
                : new PreparedRequest.Ends(formatEndIds, List.of());
    }

    private static PreparedRequest.Urgency urgency(ChatRequest request, RequestBudget budget) {
        OptionalLong deadline = budget.deadlineNanos();
        return new PreparedRequest.Urgency(
                request.priority(), deadline.isPresent() ? (Long) deadline.getAsLong() : null);
    }

    /** The tools that the model is told of: none with {@code Tool.Choice.none()}. */
    private static List<Tool> tools(ChatRequest request) {
        return request.toolChoice().isAllowed() ? request.tools() : List.of();
    }

    /** The system message with the description of tools; null for the model's own. */
    private @Nullable String systemMessage(ChatRequest request, UnaryOperator<String> words) {
        String given = request.systemMessage() == null ? null : words.apply(request.systemMessage());
        List<Tool> tools = tools(request);
        if (tools.isEmpty()) {
            return given;
        }
        String own = given == null ? template.systemMessage().orElse(null) : given;
        return (own == null ? "" : own + "\n\n") + ToolPrompt.instructions(tools, words);
    }

    private void refuseUnknownBiases(GenerationConfig settings) {
        int vocabulary = config.language().vocabulary();
        for (int id : settings.penalties().logitBias().keySet()) {
            if (id >= vocabulary) {
                throw new InvalidRequestException(
                        "logitBias and suppress must be for tokens of the model, ids below " + vocabulary + ": " + id);
            }
        }
    }

    private TilingOptions options(ChatRequest.Tiling tiling) {
        int most = tiling.maxTiles()
                .orElse(Math.max(config.maxTiles(), tiling.minTiles().orElse(1)));
        int least = tiling.minTiles().orElse(Math.min(config.minTiles(), most));
        try {
            boolean thumbnail = tiling.thumbnail().orElse(config.thumbnail());
            return new TilingOptions(config.tileSize(), least, most, thumbnail, passOrder);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(String.valueOf(e.getMessage()));
        }
    }

    /** Frames are made as pictures are; a checkpoint whose video processor wants other numbers has none. */
    private void refuseOtherVideos(ChatRequest request, List<ChatRequest.Turn> turns) {
        if (config.videoFault() != null
                && (request.hasFrames()
                        || turns.stream().anyMatch(turn -> turn.question().startsWith(FIRST_FRAME)))) {
            throw new InvalidRequestException(
                    "a video must be for a model whose video processor has the settings of its image processor: "
                            + config.videoFault()
                            + "; ask about single frames as pictures, without \"Frame1:\", or correct that file");
        }
    }

    /** A tag outside of questions would take a picture that belongs to a question. */
    private static void refuseStrayTags(@Nullable String systemMessage, List<ChatRequest.Turn> history) {
        if (systemMessage != null && systemMessage.contains(PromptBuilder.IMAGE_TAG)) {
            throw new InvalidRequestException("the system message, or a tool in it, must not contain the tag "
                    + PromptBuilder.IMAGE_TAG + ", which would take a picture; put the picture into a question");
        }
        for (int i = 0; i < history.size(); i++) {
            if (history.get(i).answer().contains(PromptBuilder.IMAGE_TAG)) {
                throw new InvalidRequestException("the answer of round " + (i + 1) + " must not contain the tag "
                        + PromptBuilder.IMAGE_TAG + ", which would take a picture; go on without it: "
                        + "model.conversation(editedHistory)");
            }
        }
    }

    /**
     * Puts a tag in front of a question that has pictures and no tag: one for all of them as OpenGVLab's chat code does, one for
     * each as the processors of transformers do. Checks that tags and pictures fit.
     */
    private ChatRequest.Turn tagged(ChatRequest.Turn turn) {
        int tags = tags(turn.question());
        int pictures = turn.images().size();
        if (tags == 0 && pictures > 0) {
            int written = config.layout() == ModelConfig.Layout.OFFICIAL ? 1 : pictures;
            String question = (PromptBuilder.IMAGE_TAG + "\n").repeat(written) + turn.question();
            return new ChatRequest.Turn(question, turn.images(), turn.tiling(), turn.answer());
        }
        if (tags != pictures && !(tags == 1 && pictures > 1)) {
            String question = turn.question();
            String quote = question.length() <= QUOTED ? question : question.substring(0, QUOTED) + "…";
            String rule = pictures == 0
                    ? "a question without pictures must not contain the tag " + PromptBuilder.IMAGE_TAG
                            + "; give its pictures along"
                    : "a question must have one " + PromptBuilder.IMAGE_TAG
                            + " tag for all of its pictures, or one for each";
            throw new InvalidRequestException(
                    rule + ": " + tags + " tags for " + pictures + " pictures in \"" + quote + "\"");
        }
        return turn;
    }

    private static int tags(String question) {
        int tags = 0;
        int step = PromptBuilder.IMAGE_TAG.length();
        for (int at = question.indexOf(PromptBuilder.IMAGE_TAG);
                at >= 0;
                at = question.indexOf(PromptBuilder.IMAGE_TAG, at + step)) {
            tags++;
        }
        return tags;
    }

    /** Visual tokens of each tag of a question. */
    private List<Integer> visualTokens(ChatRequest.Turn turn, TilingOptions tiling) {
        List<Integer> separate = turn.images().stream()
                .map(i -> ImageProcessor.countTiles(i, tiling) * config.tokensPerTile())
                .toList();
        boolean combined = separate.size() > 1
                && turn.question().indexOf(PromptBuilder.IMAGE_TAG)
                        == turn.question().lastIndexOf(PromptBuilder.IMAGE_TAG);
        return combined ? List.of(separate.stream().mapToInt(Integer::intValue).sum()) : separate;
    }
}
