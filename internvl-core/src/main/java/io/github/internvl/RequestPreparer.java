package io.github.internvl;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.generate.Generation;
import io.github.internvl.internal.generate.GenerationRequest;
import io.github.internvl.internal.generate.PromptBuilder;
import io.github.internvl.internal.generate.TokenPrompt;
import io.github.internvl.internal.grammar.FormatRule;
import io.github.internvl.internal.grammar.Formats;
import io.github.internvl.internal.observe.Trace;
import io.github.internvl.tokenizer.ChatTemplate;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.tiles.ImageProcessor;
import io.github.internvl.vision.PassOrder;
import io.github.internvl.vision.tiles.PixelTiles;
import io.github.internvl.vision.tiles.TilingOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Turns requests into what the engine takes: checks tags against pictures, writes the prompt, tiles the pictures. All that
 * can be wrong with a request is found here, before any computing. Thread-safe.
 */
final class RequestPreparer {
    private static final int QUOTED = 200;
    private static final String FIRST_FRAME = "Frame1: " + PromptBuilder.IMAGE_TAG;
    private static final String PROMPT = "prompt"; // the place of its texts in a refusal
    private static final int TILED_TOGETHER = 4; // pictures, before the budget is asked again

    private final ModelConfig config;
    private final PromptBuilder prompts;
    private final OrdinaryText ordinary;
    private final Formats formats;
    private final ImageProcessor images = new ImageProcessor();
    private final Set<Integer> endIds;
    private final Set<Integer> formatEndIds; // where the stop text is no text, but a token
    private final String stopText;
    private final ChatTemplate template;
    private final int contextTokens;
    private final PassOrder passOrder;

    /**
     * A request that passed all checks.
     *
     * @param prompt its tokens
     * @param rule the rule of its format; null for free text
     * @param tilings how the pictures of each round are cut
     * @param turns its history with the question as it is recorded, the answer still empty
     * @param budget the work that it may cause, and when its time is over
     * @param nanos what the check took
     */
    record Checked(
            ChatRequest request,
            TokenPrompt prompt,
            @Nullable FormatRule rule,
            List<TilingOptions> tilings,
            List<Turn> turns,
            RequestBudget budget,
            long nanos) {}

    RequestPreparer(
            ModelConfig config, ChatTemplate template, Tokenizer tokenizer, int contextTokens, PassOrder passOrder) {
        this.config = config;
        this.prompts = new PromptBuilder(template, tokenizer);
        this.ordinary = new OrdinaryText(tokenizer);
        this.template = template;
        this.stopText = template.stopText();
        this.endIds = config.endIds().isEmpty()
                ? tokenizer.id(stopText).stream().boxed().collect(Collectors.toUnmodifiableSet())
                : config.endIds();
        this.formatEndIds = IntStream.concat(
                        endIds.stream().mapToInt(Integer::intValue), tokenizer.id(stopText).stream())
                .boxed()
                .collect(Collectors.toUnmodifiableSet());
        this.formats = new Formats(tokenizer, formatEndIds);
        this.contextTokens = contextTokens;
        this.passOrder = passOrder;
    }

    /**
     * Checks a request and writes its prompt; no picture is resampled.
     *
     * @param room fewest tokens that are too many for a prompt; one that has as many by its length alone is not tokenized
     * @throws InvalidRequestException if tags, pictures and texts do not fit together
     */
    Checked check(ChatRequest request, RequestBudget budget, int room) {
        long start = System.nanoTime();
        chargeTexts(request, budget, room);
        Runnable check = () -> budget.check(PROMPT);
        UnaryOperator<String> words = request.untrustedText() ? text -> ordinary.of(text, check) : text -> text;
        List<Turn> turns = new ArrayList<>(request.history());
        turns.add(new Turn(request.text(), request.images(), request.maxTiles(), ""));
        if (request.untrustedText()) {
            turns.replaceAll(turn -> ordinary.of(turn, check));
        }
        turns.replaceAll(RequestPreparer::tagged);
        refuseOtherVideos(request, turns);
        String systemMessage = systemMessage(request, words);
        if (turns.stream().anyMatch(turn -> !turn.images().isEmpty())) {
            refuseStrayTags(systemMessage, request.history());
        }
        List<ChatTemplate.Turn> dialogue = new ArrayList<>();
        List<Integer> visual = new ArrayList<>();
        List<TilingOptions> tilings = new ArrayList<>();
        for (Turn turn : turns) {
            TilingOptions tiling = tiling(turn.maxTiles().isPresent() ? turn.maxTiles() : request.maxTiles());
            dialogue.add(new ChatTemplate.Turn(turn.question(), turn.answer()));
            visual.addAll(visualTokens(turn, tiling));
            tilings.add(tiling);
        }
        dialogue.set(
                dialogue.size() - 1,
                new ChatTemplate.Turn(turns.get(turns.size() - 1).question()));
        String text = prompts.text(systemMessage, dialogue, visual.size());
        int[] visualTokens = visual.stream().mapToInt(Integer::intValue).toArray();
        long least = prompts.leastTokens(text, visualTokens);
        if (least >= room) {
            throw tooLong("at least " + least, Arrays.stream(visualTokens).sum());
        }
        TokenPrompt prompt = prompts.tokens(text, visualTokens, budget);
        for (String stop : request.generation().stopRules().texts()) {
            budget.charge(RequestBudget.Work.CHARACTERS, stop.length(), "stop");
        }
        refuseUnknownTokens(prompt);
        refuseUnknownBiases(request.generation());
        FormatRule rule = rule(request, budget);
        return new Checked(request, prompt, rule, tilings, turns, budget, System.nanoTime() - start);
    }

    /** Refuses texts that cannot fit, and charges the others, before any of them is written anew. */
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
        ToolRules.told(request).forEach(tool -> texts.addAll(List.of(tool.description(), tool.parameters())));
        texts.forEach(text -> budget.charge(RequestBudget.Work.CHARACTERS, text.length(), PROMPT));
    }

    /** The rule that holds answers to the format of a request; formats that answers cannot be held to are refused. */
    private @Nullable FormatRule rule(ChatRequest request, RequestBudget budget) {
        OutputFormat format = ToolRules.format(request);
        if (format.isText()) {
            return null;
        }
        String place = format.kind() == OutputFormat.Kind.TOOL_CALL ? "tools" : "format";
        return formats.rule(format, steps -> budget.charge(RequestBudget.Work.FORMAT_STEPS, steps, place));
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
    Checked fits(Checked checked) {
        TokenPrompt prompt = checked.prompt();
        if (prompt.ids().length >= contextTokens) {
            throw tooLong(String.valueOf(prompt.ids().length), prompt.visualPlaces().length);
        }
        return checked;
    }

    private InvalidRequestException tooLong(String tokens, int visual) {
        return new InvalidRequestException("the prompt must be shorter than the context of " + contextTokens
                + " tokens: " + tokens + ", " + visual + " of them visual; "
                + "lower maxTiles, leave out pictures or history, or load the model with a longer contextLength");
    }

    int contextTokens() {
        return contextTokens;
    }

    /** Tiles the pictures of a checked request. */
    GenerationRequest prepare(Checked checked) {
        List<PixelTiles> tiles = tile(checked);
        ModelConfig.GenerationDefaults own = config.generation();
        GenerationConfig settings = held(checked).withDefaults(own.temperature(), own.topK(), own.topP());
        boolean free = settings.format().isText();
        boolean ends = !settings.stopRules().ignoreEnd();
        return new GenerationRequest(
                checked.prompt(),
                tiles,
                settings,
                !ends ? Set.of() : free ? endIds : formatEndIds,
                ends && free ? List.of(stopText) : List.of(),
                config.layout() == ModelConfig.Layout.NATIVE
                        ? checked.prompt().ids()
                        : own.beginId().stream().toArray(),
                prompts.badWords(settings.penalties().badWords(), checked.budget()),
                urgency(checked));
    }

    private static GenerationRequest.Urgency urgency(Checked checked) {
        OptionalLong deadline = checked.budget().deadlineNanos();
        return new GenerationRequest.Urgency(
                checked.request().priority(), deadline.isPresent() ? (Long) deadline.getAsLong() : null);
    }

    /** The settings of a request, with the rule that holds its answer to its format. */
    private static GenerationConfig held(Checked checked) {
        GenerationConfig settings = checked.request().generation();
        FormatRule rule = checked.rule();
        if (rule == null) {
            return settings;
        }
        List<LogitsProcessor> rules = new ArrayList<>(settings.processors());
        rules.add(new FormatProcessor(rule));
        return settings.toBuilder()
                .format(ToolRules.format(checked.request()))
                .processors(rules.toArray(LogitsProcessor[]::new))
                .build();
    }

    /** The system message with what it says of tools; null for the model's own. */
    private @Nullable String systemMessage(ChatRequest request, UnaryOperator<String> words) {
        String given = request.systemMessage() == null ? null : words.apply(request.systemMessage());
        List<Tool> tools = ToolRules.told(request);
        if (tools.isEmpty()) {
            return given;
        }
        String own = given == null ? template.systemMessage().orElse(null) : given;
        return (own == null ? "" : own + "\n\n") + ToolText.instructions(tools, words);
    }

    private List<PixelTiles> tile(Checked checked) {
        List<PixelTiles> tiles = new ArrayList<>();
        int pictures =
                checked.turns().stream().mapToInt(turn -> turn.images().size()).sum();
        if (pictures > 0) {
            int count = checked.prompt().visualPlaces().length / config.tokensPerTile();
            Trace.Span span = Trace.preprocess(pictures, count);
            for (int i = 0; i < checked.turns().size(); i++) {
                List<Image> own = checked.turns().get(i).images();
                for (int first = 0; first < own.size(); first += TILED_TOGETHER) {
                    checked.budget().check("pictures");
                    List<Image> some = own.subList(first, Math.min(first + TILED_TOGETHER, own.size()));
                    tiles.addAll(images.tile(some, checked.tilings().get(i)));
                }
            }
            span.commit();
        }
        return tiles;
    }

    /** Where the time of a request went. */
    static ChatResponse.Timings timings(Duration preprocess, Generation generation) {
        return new ChatResponse.Timings(
                preprocess,
                Duration.ofNanos(generation.queuedNanos()),
                Duration.ofNanos(generation.visionNanos()),
                Duration.ofNanos(generation.prefillNanos()),
                Duration.ofNanos(generation.decodeNanos()));
    }

    /** The response to a checked request. */
    ChatResponse response(Checked checked, Duration preprocess, Generation generation) {
        ChatResponse.Timings timings = timings(preprocess, generation);
        List<ChatResponse> others = new ArrayList<>();
        for (int i = 1; i < generation.answers().size(); i++) {
            others.add(response(checked, timings, generation, i, List.of()));
        }
        return response(checked, timings, generation, 0, others);
    }

    private ChatResponse response(
            Checked checked,
            ChatResponse.Timings timings,
            Generation generation,
            int number,
            List<ChatResponse> others) {
        Generation.Answer answer = generation.answers().get(number);
        List<Turn> history = new ArrayList<>(checked.turns());
        Turn last = history.remove(history.size() - 1);
        history.add(new Turn(last.question(), last.images(), last.maxTiles(), answer.text()));
        TokenPrompt prompt = checked.prompt();
        return new ChatResponse(
                answer.text(),
                answer.reason(),
                new ChatResponse.Usage(
                        prompt.ids().length,
                        prompt.visualPlaces().length,
                        answer.ids().length,
                        generation.cachedTokens(),
                        generation.cachedTiles(),
                        generation.draftedTokens(),
                        generation.acceptedTokens()),
                timings,
                history,
                scores(answer.scores()),
                others);
    }

    private List<ChatResponse.TokenScore> scores(List<Generation.Score> scores) {
        return scores.stream()
                .map(score -> new ChatResponse.TokenScore(
                        score.id(), prompts.token(score.id()), score.logprob(), scores(score.best())))
                .toList();
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

    private TilingOptions tiling(OptionalInt maxTiles) {
        int most = maxTiles.orElse(config.maxTiles());
        try {
            int least = Math.min(config.minTiles(), most);
            return new TilingOptions(config.tileSize(), least, most, config.thumbnail(), passOrder);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(String.valueOf(e.getMessage()));
        }
    }

    /** Frames are made as pictures are; a checkpoint whose video processor wants other numbers has none. */
    private void refuseOtherVideos(ChatRequest request, List<Turn> turns) {
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
    private static void refuseStrayTags(@Nullable String systemMessage, List<Turn> history) {
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

    /** Puts a tag in front of a question that has pictures and no tag; checks that tags and pictures fit. */
    private static Turn tagged(Turn turn) {
        int tags = tags(turn.question());
        int pictures = turn.images().size();
        if (tags == 0 && pictures > 0) {
            return new Turn(
                    PromptBuilder.IMAGE_TAG + "\n" + turn.question(), turn.images(), turn.maxTiles(), turn.answer());
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
    private List<Integer> visualTokens(Turn turn, TilingOptions tiling) {
        List<Integer> separate = turn.images().stream()
                .map(i -> ImageProcessor.countTiles(i, tiling) * config.tokensPerTile())
                .toList();
        boolean combined = separate.size() > 1
                && turn.question().indexOf(PromptBuilder.IMAGE_TAG)
                        == turn.question().lastIndexOf(PromptBuilder.IMAGE_TAG);
        return combined ? List.of(separate.stream().mapToInt(Integer::intValue).sum()) : separate;
    }
}
