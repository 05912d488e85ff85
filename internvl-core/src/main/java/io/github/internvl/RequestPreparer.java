package io.github.internvl;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.generate.GenerationRequest;
import io.github.internvl.internal.generate.PromptBuilder;
import io.github.internvl.internal.generate.TokenPrompt;
import io.github.internvl.tokenizer.ChatTemplate;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.ImageProcessor;
import io.github.internvl.vision.PassOrder;
import io.github.internvl.vision.PixelTiles;
import io.github.internvl.vision.TilingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Turns requests into what the engine takes: checks tags against pictures, writes the prompt, tiles the pictures. All that
 * can be wrong with a request is found here, before any computing. Thread-safe.
 */
final class RequestPreparer {
    private final ModelConfig config;
    private final PromptBuilder prompts;
    private final ImageProcessor images = new ImageProcessor();
    private final Set<Integer> endIds;
    private final String stopText;
    private final int contextTokens;
    private final PassOrder passOrder;

    /**
     * A request that passed all checks.
     *
     * @param prompt its tokens
     * @param turns its history with the question as it is recorded, the answer still empty
     */
    record Checked(ChatRequest request, TokenPrompt prompt, TilingOptions tiling, List<Turn> turns) {}

    RequestPreparer(
            ModelConfig config, ChatTemplate template, Tokenizer tokenizer, int contextTokens, PassOrder passOrder) {
        this.config = config;
        this.prompts = new PromptBuilder(template, tokenizer);
        this.stopText = template.stopText();
        this.endIds = tokenizer.id(stopText).stream().boxed().collect(Collectors.toSet());
        this.contextTokens = contextTokens;
        this.passOrder = passOrder;
    }

    /** Checks a request and writes its prompt; no picture is resampled. */
    Checked check(ChatRequest request) {
        TilingOptions tiling = tiling(request);
        List<Turn> turns = new ArrayList<>(request.history());
        for (Turn turn : turns) {
            if (turn.answer().contains(PromptBuilder.IMAGE_TAG)) {
                throw new InvalidRequestException("an answer in the history must not contain the tag "
                        + PromptBuilder.IMAGE_TAG + ", which would take a picture; write it in another way");
            }
        }
        turns.add(new Turn(request.text(), request.images(), ""));
        turns.replaceAll(RequestPreparer::tagged);
        List<ChatTemplate.Turn> dialogue = new ArrayList<>();
        List<Integer> visual = new ArrayList<>();
        for (Turn turn : turns) {
            dialogue.add(new ChatTemplate.Turn(turn.question(), turn.answer()));
            visual.addAll(visualTokens(turn, tiling));
        }
        dialogue.set(
                dialogue.size() - 1,
                new ChatTemplate.Turn(turns.get(turns.size() - 1).question()));
        String text = prompts.text(request.systemMessage(), dialogue, visual.size());
        TokenPrompt prompt =
                prompts.tokens(text, visual.stream().mapToInt(Integer::intValue).toArray());
        if (prompt.ids().length >= contextTokens) {
            throw new InvalidRequestException("the prompt must be shorter than the context of " + contextTokens
                    + " tokens: " + prompt.ids().length + ", " + prompt.visualPlaces().length + " of them visual; "
                    + "lower maxTiles, leave out pictures or history, or load the model with a longer contextLength");
        }
        return new Checked(request, prompt, tiling, turns);
    }

    /** Tiles the pictures of a checked request. */
    GenerationRequest prepare(Checked checked) {
        List<Image> all =
                checked.turns().stream().flatMap(t -> t.images().stream()).toList();
        List<PixelTiles> tiles = images.tile(all, checked.tiling());
        List<String> stops = new ArrayList<>(checked.request().generation().stop());
        stops.add(stopText);
        return new GenerationRequest(checked.prompt(), tiles, checked.request().generation(), endIds, stops);
    }

    private TilingOptions tiling(ChatRequest request) {
        int most = request.maxTiles().orElse(config.maxTiles());
        try {
            int least = Math.min(config.minTiles(), most);
            return new TilingOptions(config.tileSize(), least, most, config.thumbnail(), passOrder);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(String.valueOf(e.getMessage()));
        }
    }

    /** Puts a tag in front of a question that has pictures and no tag; checks that tags and pictures fit. */
    private static Turn tagged(Turn turn) {
        int tags = turn.question().split(PromptBuilder.IMAGE_TAG, -1).length - 1;
        int pictures = turn.images().size();
        if (tags == 0 && pictures > 0) {
            return new Turn(PromptBuilder.IMAGE_TAG + "\n" + turn.question(), turn.images(), turn.answer());
        }
        if (tags != pictures && !(tags == 1 && pictures > 1)) {
            throw new InvalidRequestException("a question must have one " + PromptBuilder.IMAGE_TAG
                    + " tag for all of its pictures, or one for each: " + tags + " tags for " + pictures
                    + " pictures in \"" + turn.question() + "\"");
        }
        return turn;
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
