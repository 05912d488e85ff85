package io.github.internvl.internal.observe;

/** Stretches of work for the Flight Recorder. While nobody records, one costs next to nothing. Thread-safe. */
public final class Trace {
    private Trace() {}

    /** Work that has begun; what is not committed, because it failed, is not recorded. */
    public interface Span {
        /** Ends it and records it. */
        void commit();
    }

    /** A model is loaded. */
    public static Span load(String model, String precision, String device, long bytes) {
        LoadEvent event = new LoadEvent();
        event.model = model;
        event.precision = precision;
        event.device = device;
        event.bytes = bytes;
        event.begin();
        return event;
    }

    /** Pictures are cut into tiles. */
    public static Span preprocess(int pictures, int tiles) {
        PreprocessEvent event = new PreprocessEvent();
        event.pictures = pictures;
        event.tiles = tiles;
        event.begin();
        return event;
    }

    /** Tiles become visual tokens. */
    public static Span vision(int tiles, int cachedTiles) {
        VisionEvent event = new VisionEvent();
        event.tiles = tiles;
        event.cachedTiles = cachedTiles;
        event.begin();
        return event;
    }

    /** Some tokens of prompts are computed. */
    public static Span prefill(int tokens, int sequences) {
        PrefillEvent event = new PrefillEvent();
        event.tokens = tokens;
        event.sequences = sequences;
        event.begin();
        return event;
    }

    /** The next token of each answer is computed. */
    public static Span decodeStep(int tokens, int sequences) {
        DecodeStepEvent event = new DecodeStepEvent();
        event.tokens = tokens;
        event.sequences = sequences;
        event.begin();
        return event;
    }
}
