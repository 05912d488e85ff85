package io.github.internvl.internal.observe;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

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
        Load event = new Load();
        event.model = model;
        event.precision = precision;
        event.device = device;
        event.bytes = bytes;
        event.begin();
        return event;
    }

    /** Pictures are cut into tiles. */
    public static Span preprocess(int pictures, int tiles) {
        Preprocess event = new Preprocess();
        event.pictures = pictures;
        event.tiles = tiles;
        event.begin();
        return event;
    }

    /** Tiles become visual tokens. */
    public static Span vision(int tiles, int cachedTiles) {
        Vision event = new Vision();
        event.tiles = tiles;
        event.cachedTiles = cachedTiles;
        event.begin();
        return event;
    }

    /** Some tokens of prompts are computed. */
    public static Span prefill(int tokens, int sequences) {
        Prefill event = new Prefill();
        event.tokens = tokens;
        event.sequences = sequences;
        event.begin();
        return event;
    }

    /** The next token of each answer is computed. */
    public static Span decodeStep(int tokens, int sequences) {
        DecodeStep event = new DecodeStep();
        event.tokens = tokens;
        event.sequences = sequences;
        event.begin();
        return event;
    }

    @Name("internvl.Load")
    @Label("Load")
    @Category("InternVL")
    @Description("The weights of a checkpoint were made ready to compute with")
    @StackTrace(false)
    static final class Load extends Event implements Span {
        @Label("Model")
        @Description("Its id on the hub, or the name of its folder")
        String model = "";

        @Label("Precision")
        String precision = "";

        @Label("Device")
        @Description("The device that the embedding lies on")
        String device = "";

        @Label("Weights")
        @Description("Bytes of all tensors in the checkpoint's files")
        @DataAmount
        long bytes;
    }

    @Name("internvl.Preprocess")
    @Label("Preprocess")
    @Category("InternVL")
    @Description("The pictures of a request were cut into tiles")
    @StackTrace(false)
    static final class Preprocess extends Event implements Span {
        @Label("Pictures")
        int pictures;

        @Label("Tiles")
        @Description("Tiles of all pictures, thumbnails included")
        int tiles;
    }

    @Name("internvl.Vision")
    @Label("Vision")
    @Category("InternVL")
    @Description("Tiles were encoded to visual tokens")
    @StackTrace(false)
    static final class Vision extends Event implements Span {
        @Label("Tiles")
        @Description("Tiles that went through the vision encoder")
        int tiles;

        @Label("Cached Tiles")
        @Description("Tiles whose visual tokens were at hand")
        int cachedTiles;
    }

    @Name("internvl.Prefill")
    @Label("Prefill")
    @Category("InternVL")
    @Description("A step of the engine computed a part of one or several prompts")
    @StackTrace(false)
    static final class Prefill extends Event implements Span {
        @Label("Tokens")
        @Description("Tokens of prompts, visual tokens included")
        int tokens;

        @Label("Sequences")
        @Description("Requests that they belong to")
        int sequences;
    }

    @Name("internvl.DecodeStep")
    @Label("Decode Step")
    @Category("InternVL")
    @Description("A step of the engine computed the next token of each answer in the making")
    @StackTrace(false)
    static final class DecodeStep extends Event implements Span {
        @Label("Sequences")
        @Description("Requests that are being answered")
        int sequences;

        @Label("Tokens")
        @Description("One for each of their answers or beams")
        int tokens;
    }

    /** A request from its arrival to its end. The listener of the request begins the event, fills it in and commits it. */
    @Name("internvl.Request")
    @Label("Request")
    @Category("InternVL")
    @Description("A request was answered, failed, or was refused")
    @StackTrace(false)
    public static final class Request extends Event {
        @Label("Request")
        @Description("Its number in the order of arrival at its model, from 1")
        public long id;

        @Label("Prompt Tokens")
        @Description("All tokens of the prompt, visual tokens included")
        public int promptTokens;

        @Label("Visual Tokens")
        public int visualTokens;

        @Label("Cached Tokens")
        @Description("Tokens of the prompt that were computed for an earlier request")
        public int cachedTokens;

        @Label("Generated Tokens")
        @Description("Tokens of all answers")
        public int generatedTokens;

        @Label("Finish Reason")
        @Description("stop, length, loop, timeout or cancelled; error if it failed, rejected if it was rejected")
        public String finishReason = "";

        @Label("Failed")
        public boolean failed;

        @Label("Queued")
        @Description("From its arrival to a slot")
        @Timespan(Timespan.NANOSECONDS)
        public long queued;

        @Label("Time To First Token")
        @Description("From its arrival; 0 if no token came")
        @Timespan(Timespan.NANOSECONDS)
        public long timeToFirstToken;
    }
}
