package io.github.internvl.tests.conformance;

import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import io.github.internvl.internal.model.LanguageModel;
import io.github.internvl.internal.model.TokenChunk;
import io.github.internvl.internal.model.VisionEncoder;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import io.github.internvl.vision.tiles.PixelTiles;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The stages of a model, computed one by one through its graphs. */
final class Stages {
    private static final int TILES_AT_ONCE = 4;

    private final VisionEncoder encoder;
    private final ScriptModule vision;
    private final LanguageModel language;
    private final ModelConfig config;

    Stages(Subject subject) {
        this.encoder = subject.models().vision();
        this.vision = encoder.graph();
        this.language = subject.models().language();
        this.config = subject.config();
    }

    /** Normalised pixels [tiles, 3, side, side] of all pictures. */
    Numbers pixels(List<PixelTiles> pictures) {
        List<Numbers> parts = new ArrayList<>();
        for (PixelTiles picture : pictures) {
            int side = picture.tileSize();
            ByteBuffer bytes = picture.bytes();
            try (Tensor tiles = Tensor.of(bytes, picture.count(), side, side, 3)) {
                parts.add(Numbers.of(vision.call("normalise", tiles)));
            }
        }
        return Numbers.join(parts);
    }

    /** Hidden states [tiles, 1 + patches, d] after some layers of the ViT; negative numbers count from the end. */
    Numbers hidden(Numbers pixels, int layer) {
        int stored = config.vision().storedLayers();
        int layers = layer < 0 ? stored + 1 + layer : layer;
        return tiled(pixels, tiles -> vision.call("encode", tiles, layers));
    }

    /** The layer that visual tokens are taken from. */
    int selectedLayer() {
        return config.vision().layers();
    }

    int layers() {
        return config.vision().storedLayers();
    }

    /** Blocks of patches as one token each [tiles, tokens, blocks * d]. */
    Numbers unshuffled(Numbers hidden, boolean byColumns) {
        return tiled(hidden, x -> vision.call("unshuffle", x, config.unshuffle(), byColumns));
    }

    boolean isUnshuffledByColumns() {
        return config.unshuffleByColumns();
    }

    /** Visual tokens [tiles, tokens, h]. */
    Numbers projected(Numbers unshuffled) {
        return tiled(unshuffled, x -> vision.call("project", x));
    }

    private static Numbers tiled(Numbers all, Function<Tensor, Tensor> stage) {
        List<Numbers> parts = new ArrayList<>();
        int count = (int) all.shape()[0];
        for (int first = 0; first < count; first += TILES_AT_ONCE) {
            try (Tensor some =
                    all.slice(first, Math.min(TILES_AT_ONCE, count - first)).tensor()) {
                parts.add(Numbers.of(stage.apply(some)));
            }
        }
        return Numbers.join(parts);
    }

    /** Visual tokens [tiles, tokens, h] of all pictures, as the product computes them: in one call, from bytes. */
    Numbers visualTokens(List<PixelTiles> pictures) {
        List<Numbers> parts = new ArrayList<>();
        int tiles = pictures.stream().mapToInt(PixelTiles::count).sum();
        for (int first = 0; first < tiles; first += TILES_AT_ONCE) {
            int count = Math.min(TILES_AT_ONCE, tiles - first);
            Numbers flat = Numbers.of(encoder.encode(pictures, first, count));
            parts.add(flat.reshaped(count, encoder.tokensPerTile(), flat.shape()[1]));
        }
        return Numbers.join(parts);
    }

    /** Hidden states of the last prompt token [layers + 1, h]: embedded, after each layer but the last, and normed. */
    Numbers lastTokenThroughLayers(Subject.Prompt prompt) {
        int[] ids = prompt.tokens().ids();
        int[] slots = {0};
        int[] starts = {0};
        int[] counts = {ids.length};
        language.reserve(0, ids.length, 0);
        List<Numbers> states = new ArrayList<>();
        TokenChunk.Visual visual = encode(prompt);
        try (Tensor idTensor = Tensor.of(ids);
                Tensor places = Tensor.of(visual.places())) {
            List<Tensor> parts = visual.parts().isEmpty() ? List.of(places) : visual.parts();
            Tensor x = language.graph().call("embed", idTensor, parts, visual.firsts(), visual.takes(), places);
            for (int layer = 0; layer < config.language().layers(); layer++) {
                states.add(lastRow(x));
                try (Tensor before = x) {
                    x = language.graph().call("layer", layer, before, slots, starts, counts, counts);
                }
            }
            try (Tensor before = x) {
                states.add(Numbers.of(language.graph().call("norm", before)).last());
            }
        } finally {
            visual.parts().forEach(Tensor::close);
        }
        return Numbers.join(
                states.stream().map(s -> s.reshaped(1, s.values().length)).toList());
    }

    private static Numbers lastRow(Tensor x) {
        return new Numbers(x.floats(), x.shape()).last();
    }

    /**
     * Logits [vocabulary] of several rows that are computed together, each fed its golden answer: at the end of the
     * prompt, and after each id but the last.
     *
     * @param width the length that rules the rotary base: the longest prompt's where rows are padded, else their own
     */
    List<List<float[]>> logits(List<Subject.Prompt> prompts, List<int[]> answers, int width) {
        List<TokenChunk.Visual> visual = prompts.stream().map(this::encode).toList();
        List<List<float[]>> logits = new ArrayList<>();
        List<TokenChunk> chunks = new ArrayList<>();
        int longest = 0;
        for (int row = 0; row < prompts.size(); row++) {
            int[] ids = prompts.get(row).tokens().ids();
            int[] answer = answers.get(row);
            language.reserve(row, ids.length + answer.length, 0);
            chunks.add(new TokenChunk(row, 0, ids, width, visual.get(row), 1));
            logits.add(new ArrayList<>());
            longest = Math.max(longest, answer.length);
        }
        step(chunks, logits);
        visual.forEach(v -> v.parts().forEach(Tensor::close));
        for (int step = 1; step < longest; step++) {
            chunks.clear();
            for (int row = 0; row < prompts.size(); row++) {
                if (step < answers.get(row).length) {
                    int[] next = {answers.get(row)[step - 1]};
                    int start = prompts.get(row).length() + step - 1;
                    chunks.add(new TokenChunk(row, start, next, width + step, TokenChunk.Visual.NONE, 1));
                }
            }
            step(chunks, logits);
        }
        return logits;
    }

    /** Logits [vocabulary] of one row that is fed its golden answer, with visual tokens [tiles, tokens, h] given. */
    List<float[]> logits(TokenPrompt prompt, @Nullable Numbers visual, int[] answer) {
        List<List<float[]>> logits = List.of(new ArrayList<>());
        int length = prompt.ids().length;
        language.reserve(0, length + answer.length, 0);
        if (visual == null) {
            step(List.of(new TokenChunk(0, 0, prompt.ids(), length, TokenChunk.Visual.NONE, 1)), logits);
        } else {
            int width = (int) visual.shape()[2];
            int rows = visual.values().length / width;
            try (Tensor tokens = visual.reshaped(rows, width).tensor()) {
                TokenChunk.Visual places =
                        new TokenChunk.Visual(List.of(tokens), new int[1], new int[] {rows}, prompt.visualPlaces());
                step(List.of(new TokenChunk(0, 0, prompt.ids(), length, places, 1)), logits);
            }
        }
        for (int i = 0; i + 1 < answer.length; i++) {
            int[] next = {answer[i]};
            int start = length + i;
            step(List.of(new TokenChunk(0, start, next, start + 1, TokenChunk.Visual.NONE, 1)), logits);
        }
        return logits.get(0);
    }

    /** Logits [1, vocabulary] at the end of each prompt, all computed together. */
    List<Numbers> promptLogits(List<Subject.Prompt> prompts, int width) {
        List<int[]> none = prompts.stream().map(prompt -> new int[0]).toList();
        return logits(prompts, none, width).stream()
                .map(steps -> new Numbers(steps.get(0), 1, steps.get(0).length))
                .toList();
    }

    private void step(List<TokenChunk> chunks, List<List<float[]>> logits) {
        try (Tensor tensor = language.step(chunks)) {
            float[] all = language.floats(tensor);
            int vocabulary = language.vocabulary();
            for (int i = 0; i < chunks.size(); i++) {
                logits.get(chunks.get(i).slot()).add(Arrays.copyOfRange(all, i * vocabulary, (i + 1) * vocabulary));
            }
        }
    }

    private TokenChunk.Visual encode(Subject.Prompt prompt) {
        List<Tensor> parts = new ArrayList<>();
        List<Integer> takes = new ArrayList<>();
        int tiles = prompt.pictures().stream().mapToInt(PixelTiles::count).sum();
        for (int first = 0; first < tiles; first += TILES_AT_ONCE) {
            int count = Math.min(TILES_AT_ONCE, tiles - first);
            parts.add(encoder.encode(prompt.pictures(), first, count));
            takes.add(count * encoder.tokensPerTile());
        }
        int[] rows = takes.stream().mapToInt(Integer::intValue).toArray();
        return new TokenChunk.Visual(
                parts, new int[rows.length], rows, prompt.tokens().visualPlaces());
    }
}
