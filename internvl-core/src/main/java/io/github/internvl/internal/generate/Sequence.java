package io.github.internvl.internal.generate;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.tokenizer.TextDecoder;
import io.github.internvl.vision.PixelTiles;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One answer in the making: its tokens so far and how many of them the model has seen. The engine's thread owns it; only
 * {@link #cancel} may be called from elsewhere.
 */
public final class Sequence {
    private final GenerationRequest request;
    private final Generation.Listener listener;
    private final AnswerText text;
    private final Sampler sampler;
    private final VisualTokens visual = new VisualTokens();
    private final int capacity;
    private final int tiles;
    private final long submitted = System.nanoTime();

    private List<PixelTiles> pictures; // until all of their tiles are encoded
    private int[] tokens;
    private int length;
    private int computed;
    private int encodedTiles;
    private int slot = -1;
    private long admitted;
    private long visionNanos;
    private long firstToken;
    private volatile boolean cancelled;

    Sequence(GenerationRequest request, Generation.Listener listener, TextDecoder decoder, int contextTokens) {
        this.listener = listener;
        this.text = new AnswerText(decoder, request.stops());
        this.sampler = new Sampler(request.config());
        this.tokens = request.prompt().ids();
        this.length = tokens.length;
        this.capacity =
                (int) Math.min(contextTokens, (long) length + request.config().maxNewTokens());
        this.pictures = request.pictures();
        this.tiles = pictures.stream().mapToInt(PixelTiles::count).sum();
        this.request =
                new GenerationRequest(request.prompt(), List.of(), request.config(), request.endIds(), request.stops());
    }

    /** Ends the answer as soon as the engine comes to it; its slot is free then. From any thread, as often as you like. */
    public void cancel() {
        cancelled = true;
    }

    boolean isCancelled() {
        return cancelled;
    }

    GenerationRequest request() {
        return request;
    }

    VisualTokens visual() {
        return visual;
    }

    Sampler sampler() {
        return sampler;
    }

    int slot() {
        return slot;
    }

    /** Most tokens of prompt and answer together. */
    int capacity() {
        return capacity;
    }

    int length() {
        return length;
    }

    int promptLength() {
        return request.prompt().ids().length;
    }

    /** How many tokens the model has seen: they are in the slot. */
    int computed() {
        return computed;
    }

    int[] tokens(int start, int end) {
        return Arrays.copyOfRange(tokens, start, end);
    }

    int encodedTiles() {
        return encodedTiles;
    }

    /** Tiles of all pictures. */
    int tiles() {
        return tiles;
    }

    List<PixelTiles> pictures() {
        return pictures;
    }

    boolean needsVision() {
        return encodedTiles < tiles;
    }

    void admit(int freeSlot) {
        slot = freeSlot;
        admitted = System.nanoTime();
    }

    void tilesEncoded(int count, long nanos) {
        encodedTiles += count;
        visionNanos += nanos;
        if (encodedTiles == tiles) {
            pictures = List.of();
        }
    }

    void tokensComputed(int count) {
        computed += count;
        if (computed >= promptLength()) {
            visual.close();
        }
    }

    /** Takes the next token; the reason to end, or null to go on. */
    @Nullable
    FinishReason append(int id) {
        if (length == promptLength()) {
            firstToken = System.nanoTime();
            tokens = Arrays.copyOf(tokens, capacity);
        }
        tokens[length++] = id;
        give(text.add(id));
        if (text.isStopped() || request.endIds().contains(id)) {
            return FinishReason.STOP;
        }
        return length == capacity ? FinishReason.LENGTH : null;
    }

    void end(FinishReason reason) {
        release();
        give(text.finish());
        long now = System.nanoTime();
        long start = admitted == 0 ? now : admitted;
        long first = firstToken == 0 ? now : firstToken;
        listener.onEnd(new Generation(
                text.text(),
                tokens(promptLength(), length),
                reason,
                start - submitted,
                visionNanos,
                first - start - visionNanos,
                now - first));
    }

    void fail(RuntimeException failure) {
        release();
        listener.onFailure(failure);
    }

    private void release() {
        visual.close();
        pictures = List.of();
    }

    private void give(String some) {
        if (!some.isEmpty()) {
            listener.onText(some);
        }
    }
}
