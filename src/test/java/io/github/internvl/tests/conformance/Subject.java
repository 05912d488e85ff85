package io.github.internvl.tests.conformance;

import io.github.internvl.Precision;
import io.github.internvl.RequestBudget;
import io.github.internvl.internal.chat.PromptBuilder;
import io.github.internvl.internal.checkpoint.ChatTemplate;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.engine.PreparedRequest;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.TorchRuntime;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.PassOrder;
import io.github.internvl.vision.tiles.ImageProcessor;
import io.github.internvl.vision.tiles.PixelTiles;
import io.github.internvl.vision.tiles.TilingOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The parts of the product that a variant's goldens look at, beneath the fluent API: what goes into a case is put
 * together here as the reference's {@code chat} and {@code batch_chat} do it, to the letter.
 */
final class Subject implements AutoCloseable {
    private static final Pattern CONTEXT_RUN = Pattern.compile("(?:<IMG_CONTEXT>)+");
    private static final int MOST_TILES = 40;
    private static final Models.Format EXACT =
            new Models.Format(NumberFormat.FLOAT32, Precision.FLOAT32, Goldens.DEVICE);

    private final GoldenVariant variant;
    private final ModelConfig config;
    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final PromptBuilder prompts;
    private final Supplier<Models> loader;
    private @Nullable Models models; // from their first use on
    private final GoldenTensors tensors;
    private final ImageProcessor processor = new ImageProcessor(1);

    /**
     * A prompt with its pictures.
     *
     * @param query its text as the goldens write it
     * @param recorded the question as the history records it
     */
    record Prompt(String query, String recorded, TokenPrompt tokens, List<PixelTiles> pictures) {
        int length() {
            return tokens.ids().length;
        }
    }

    private Subject(GoldenVariant variant, Checkpoint checkpoint, Supplier<Models> loader) {
        this.variant = variant;
        this.config = checkpoint.config();
        this.tokenizer = Tokenizer.load(variant.model());
        ChatTemplate own = ChatTemplate.named(config.template());
        String system = variant.isNative() ? variant.systemMessage() : config.systemMessage();
        this.template = system == null ? own : own.withSystemMessage(system);
        this.prompts = new PromptBuilder(template, tokenizer);
        this.loader = loader;
        this.tensors = variant.tensors();
    }

    /** Loads a variant, to compute in float32 on {@link Goldens#DEVICE}. */
    static Subject load(GoldenVariant variant) {
        return load(variant, EXACT);
    }

    /** Loads a variant. */
    static Subject load(GoldenVariant variant, Models.Format format) {
        TorchRuntime.prepareThread();
        Checkpoint checkpoint = variant.checkpoint();
        return new Subject(variant, checkpoint, () -> Models.load(checkpoint, format, bytes -> {}));
    }

    /** The models, for an engine to own. */
    Models handedOver() {
        return loader.get();
    }

    ModelConfig config() {
        return config;
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    ChatTemplate template() {
        return template;
    }

    Models models() {
        Models known = models == null ? loader.get() : models;
        models = known;
        return known;
    }

    /** The goldens. */
    GoldenTensors tensors() {
        return tensors;
    }

    /** The tiles of each picture of a case. */
    List<PixelTiles> tiles(GoldenCase golden) {
        return tiles(golden, PassOrders.of(variant.goldens()).order());
    }

    List<PixelTiles> tiles(GoldenCase golden, PassOrder order) {
        List<Image> images = golden.images();
        return processor.tile(images, tiling(golden, images, order));
    }

    /** How a case tiles; where it does not say how many tiles it allows, the fewest that give as many as it has. */
    private TilingOptions tiling(GoldenCase golden, List<Image> images, PassOrder order) {
        int limit = golden.tileLimit() > 0 ? golden.tileLimit() : 1;
        while (true) {
            int least = Math.min(config.minTiles(), limit);
            TilingOptions options = new TilingOptions(config.tileSize(), least, limit, config.thumbnail(), order);
            List<Integer> counts = images.stream()
                    .map(image -> ImageProcessor.countTiles(image, options))
                    .toList();
            if (golden.tileLimit() > 0 || counts.equals(golden.tiles()) || limit == MOST_TILES) {
                return options;
            }
            limit++;
        }
    }

    /** The prompt of a round of a chat, or of a row of a batch. */
    Prompt prompt(GoldenCase.Round round) {
        return prompt(round, tiles(round.golden()));
    }

    Prompt prompt(GoldenCase.Round round, List<PixelTiles> tiles) {
        return round.golden().isBatch() ? batchPrompt(round, tiles) : chatPrompt(round, tiles);
    }

    private Prompt chatPrompt(GoldenCase.Round round, List<PixelTiles> tiles) {
        List<GoldenCase.Pair> history = round.history();
        String question = round.question();
        if (history == null && !tiles.isEmpty() && !question.contains(PromptBuilder.IMAGE_TAG)) {
            question = PromptBuilder.IMAGE_TAG + "\n" + question;
        }
        List<ChatTemplate.Turn> turns = new ArrayList<>();
        if (history != null) {
            history.forEach(pair -> turns.add(new ChatTemplate.Turn(pair.question(), pair.answer())));
        }
        turns.add(new ChatTemplate.Turn(question));
        int all = tiles.stream().mapToInt(PixelTiles::count).sum();
        List<Integer> patches = round.golden().patches();
        List<Integer> groups = tiles.isEmpty() ? List.of() : patches == null ? List.of(all) : patches;
        return prompt(round.golden(), question, turns, groups, tiles);
    }

    private Prompt batchPrompt(GoldenCase.Round row, List<PixelTiles> tiles) {
        String question = row.golden().questions().get(row.index());
        if (!tiles.isEmpty() && !question.contains(PromptBuilder.IMAGE_TAG)) {
            question = PromptBuilder.IMAGE_TAG + "\n" + question;
        }
        List<PixelTiles> own = row.golden().ofRow(row.index(), tiles);
        int all = own.stream().mapToInt(PixelTiles::count).sum();
        List<Integer> groups = tiles.isEmpty() ? List.of() : List.of(all);
        return prompt(row.golden(), question, List.of(new ChatTemplate.Turn(question)), groups, own);
    }

    private Prompt prompt(
            GoldenCase golden,
            String question,
            List<ChatTemplate.Turn> turns,
            List<Integer> groups,
            List<PixelTiles> tiles) {
        int[] visual = groups.stream()
                .mapToInt(count -> count * variant.tokensPerTile())
                .toArray();
        String text = prompts.text(golden.systemMessage(), turns, groups.size());
        return new Prompt(
                abbreviated(text, visual), question, prompts.tokens(text, visual, RequestBudget.defaults()), tiles);
    }

    private static String abbreviated(String text, int[] visual) {
        Matcher runs = CONTEXT_RUN.matcher(text);
        int[] picture = {0};
        return runs.replaceAll(run -> {
            int length = visual.length == 0 ? run.group().length() / "<IMG_CONTEXT>".length() : visual[picture[0]++];
            return "[IMG_CONTEXT x " + length + "]";
        });
    }

    /** The engine's request that answers a prompt, as chat or as generate does. */
    PreparedRequest request(GoldenCase golden, Prompt prompt) {
        Set<Integer> ends = golden.endIds();
        List<String> stops = golden.api().equals("generate") ? List.of() : List.of(template.stopText());
        return new PreparedRequest(
                prompt.tokens(),
                PreparedRequest.Dialogue.NONE,
                prompt.pictures(),
                golden.generation(),
                new PreparedRequest.Ends(ends, stops),
                golden.processorHistory(),
                List.of(),
                PreparedRequest.Urgency.USUAL,
                Duration.ZERO);
    }

    /** Whether an answer ended by a token of its own and not by its length. */
    static boolean isEnded(GoldenCase golden, int[] generated) {
        return Arrays.stream(generated).anyMatch(golden.endIds()::contains);
    }

    @Override
    public void close() {
        if (models != null) {
            models.close();
        }
        tokenizer.close();
    }
}
