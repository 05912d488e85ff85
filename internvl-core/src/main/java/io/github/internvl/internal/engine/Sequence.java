package io.github.internvl.internal.engine;

import io.github.internvl.ChatResponse;
import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.GenerationConfig;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import io.github.internvl.internal.engine.SlotContent.TileHash;
import io.github.internvl.internal.model.VisionEncoder;
import io.github.internvl.internal.torch.ComputeFailure;
import io.github.internvl.tokenizer.Tokenizer;
import io.github.internvl.vision.tiles.PixelTiles;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The state of one request in the engine: the computed part of its prompt, the branches that grow from there, and the callback to
 * its caller. The prompt is computed in the first of its slots. The engine's thread owns it; only {@link #cancel} may be called
 * from elsewhere.
 */
public final class Sequence {
    /** A copy of the keys and values of some positions from one slot into another one. */
    record SlotCopy(int from, int to, int start, int end) {}

    private static final int[] NO_DRAFTS = {};

    private final PreparedRequest request;
    private final Generation.Listener listener;
    private final LogitsPipeline pipeline;
    private final DecodingStrategy decoding;
    private final VisualTokens visual;
    private final @Nullable PromptLookup lookup; // null: no drafts
    private final SlotContent content;
    private final int capacity;
    private final long submitted = System.nanoTime();

    private List<PixelTiles> pictures; // until all of their tiles are encoded
    private VisionEncoder.@Nullable Pass pass;
    private int computed;
    private int reused;
    private int reusedTiles;
    private int[] slots = {};
    private long admitted;
    private long lastVision; // the time at which its tiles were last worked on
    private long visionNanos;
    private long firstToken;
    private final RuntimeException spare = ComputeFailure.spare();
    private @Nullable RuntimeException failure;
    private boolean left;
    private boolean reported;
    private volatile boolean cancelled;

    /** The next sequence in the engine's list of failures that are still to be reported. */
    @Nullable
    Sequence nextUnreported;

    /**
     * Makes a sequence.
     *
     * @param tokenizer turns its answers into text
     * @param visual the place for its visual tokens
     * @param contextTokens the most tokens of prompt and answer together
     * @param plainLimit the most tokens whose keys do not depend on their number
     */
    Sequence(
            PreparedRequest request,
            Generation.Listener listener,
            Tokenizer tokenizer,
            VisualTokens visual,
            int contextTokens,
            int plainLimit) {
        this.listener = listener;
        this.visual = visual;
        this.pictures = request.pictures();
        TokenPrompt prompt = request.prompt();
        this.content = new SlotContent(prompt.ids(), prompt.visualPlaces(), TileHash.of(pictures));
        this.request = request.withoutPictures();
        int length = promptLength();
        this.capacity =
                (int) Math.min(contextTokens, (long) length + request.config().maxNewTokens());
        this.pipeline =
                new LogitsPipeline(request.config(), request.ends().ids(), request.badWords(), request.history());
        this.decoding = decoding(this.request, pipeline, listener, tokenizer, capacity - length);
        int drafts = request.config().promptLookup();
        this.lookup = drafts > 0 && capacity <= plainLimit ? new PromptLookup(drafts) : null;
    }

    private static DecodingStrategy decoding(
            PreparedRequest request,
            LogitsPipeline pipeline,
            Generation.Listener listener,
            Tokenizer tokenizer,
            int room) {
        GenerationConfig config = request.config();
        if (config.beamSearch().beams() > 1) {
            return new Beams(request, pipeline, tokenizer, room);
        }
        Consumer<String> pieces = config.answers() == 1 ? listener::onText : text -> {};
        List<Answer> answers = new ArrayList<>();
        for (int i = 0; i < config.answers(); i++) {
            answers.add(new Answer(request, pipeline, tokenizer, i, pieces, room));
        }
        return new ParallelAnswers(answers, logitsNeeded(config, pipeline));
    }

    private static int logitsNeeded(GenerationConfig config, LogitsPipeline pipeline) {
        if (!pipeline.isEmpty() || config.logprobs().isPresent()) {
            return DecodingStrategy.ALL;
        }
        return config.sampling().enabled() ? Candidates.needed(config) : 0;
    }

    /** Cancels the request: the engine ends it in its next turn and frees its slots. Thread-safe; harmless when repeated. */
    public void cancel() {
        cancelled = true;
    }

    /** The latest end, by {@code System.nanoTime()}; null for none. */
    public @Nullable Long deadline() {
        return request.urgency().deadline();
    }

    /** The reason to end now: it is cancelled, or its deadline has passed; null if neither. */
    @Nullable
    FinishReason due() {
        Long deadline = deadline();
        if (cancelled) {
            return FinishReason.CANCELLED;
        }
        return deadline != null && System.nanoTime() - deadline >= 0 ? FinishReason.TIMEOUT : null;
    }

    PreparedRequest request() {
        return request;
    }

    DecodingStrategy decoding() {
        return decoding;
    }

    VisualTokens visual() {
        return visual;
    }

    /** The whole prompt. */
    SlotContent content() {
        return content;
    }

    /** The computed tokens of prompt and answer: the content of the first slot. */
    SlotContent computedContent() {
        return computed < promptLength() ? content.first(computed) : content.and(decoding.computed());
    }

    /** The slots of its branches; none before it is admitted. */
    int[] slots() {
        return slots;
    }

    /** The most tokens of prompt and answer together. */
    int capacity() {
        return capacity;
    }

    int promptLength() {
        return request.prompt().ids().length;
    }

    /** The number of prompt tokens that are computed: they are in the first slot. */
    int computed() {
        return computed;
    }

    /** Tokens of a branch: some of the prompt, or the last one with the drafts after it. */
    int[] tokens(int branch, int start, int end) {
        if (start < promptLength()) {
            return Arrays.copyOfRange(request.prompt().ids(), start, end);
        }
        int[] tokens = new int[end - start];
        tokens[0] = decoding.last(branch);
        System.arraycopy(drafts(), 0, tokens, 1, tokens.length - 1);
        return tokens;
    }

    /** Drafts tokens after the last one; returns the number that the next step verifies. */
    int draft() {
        if (lookup != null) {
            int[] before = content.and(decoding.computed()).ids();
            int[] all = Arrays.copyOf(before, before.length + 1);
            all[before.length] = decoding.last(0);
            lookup.draft(all, capacity - all.length);
        }
        return drafts().length;
    }

    /** Whether its next token is the model's best one, without drafts after it, and not the last for which there is room. */
    boolean takesBest() {
        return lookup == null && decoding.logitsNeeded() == 0 && promptLength() + decoding.length() + 1 < capacity;
    }

    private int[] drafts() {
        return lookup == null ? NO_DRAFTS : lookup.drafts();
    }

    /** The number of tiles of all pictures. */
    int tiles() {
        return content.tiles().size();
    }

    List<PixelTiles> pictures() {
        return pictures;
    }

    boolean needsVision() {
        return computed < promptLength() && visual.count() < tiles();
    }

    /** The pass of its tiles through the ViT; null if none is under way. */
    VisionEncoder.@Nullable Pass pass() {
        return pass;
    }

    /** The time at which its tiles were last worked on; before that, of its admission. */
    long lastVision() {
        return lastVision;
    }

    /** Assigns its slots, of which the first holds {@code present} tokens of the prompt already. */
    void admit(int[] assigned, int present) {
        slots = assigned;
        computed = present;
        reused = present;
        admitted = System.nanoTime();
        lastVision = admitted;
        int behind = Arrays.binarySearch(content.visualPlaces(), present);
        int places = content.visualPlaces().length;
        reusedTiles = places == 0 ? 0 : (behind < 0 ? -behind - 1 : behind) / (places / tiles());
        visual.skip(reusedTiles);
        listener.onAdmitted(reused);
    }

    void startPass(VisionEncoder.Pass started) {
        pass = started;
    }

    void endPass() {
        VisionEncoder.Pass begun = pass;
        pass = null;
        if (begun != null) {
            begun.close();
        }
    }

    /** Counts a tile whose visual tokens were cached. */
    void reuseTile() {
        reusedTiles++;
    }

    /** Counts time that its tiles took; their pixels are freed with the last. */
    void spendOnVision(long nanos) {
        visionNanos += nanos;
        lastVision = System.nanoTime();
        if (!needsVision()) {
            pictures = List.of();
        }
    }

    /** Counts prompt tokens that are computed. */
    void promptComputed(int count) {
        computed += count;
        if (computed == promptLength()) {
            visual.close();
        }
    }

    /**
     * Chooses the next token of each branch. A single branch also accepts its drafts as long as they are right and no
     * processor has to be waited for.
     *
     * @return the copies to make before the next step
     */
    List<SlotCopy> advance(LogitRows rows) {
        int[] drafts = drafts();
        if (lookup == null || drafts.length == 0) {
            return choose(rows);
        }
        int right = 0;
        choose(rows.only(0));
        while (right < drafts.length && !isComplete() && decoding.last(0) == drafts[right] && decoding.isReady()) {
            right++;
            choose(rows.only(right));
        }
        lookup.verified(right);
        return List.of();
    }

    private List<SlotCopy> choose(LogitRows rows) {
        if (decoding.length() == 0) {
            firstToken = System.nanoTime();
        }
        int count = decoding.live().length;
        List<DecodingStrategy.Copy> copies = decoding.advance(rows);
        listener.onTokens(count);
        boolean forks = decoding.length() == 1;
        int start = forks ? 0 : promptLength();
        int end = promptLength() + decoding.length() - 1;
        return copies.stream()
                .map(copy -> new SlotCopy(slots[copy.from()], slots[copy.to()], start, end))
                .toList();
    }

    boolean isComplete() {
        return decoding.live().length == 0;
    }

    /** Ends the request and reports its answers; an answer that is not complete ends for this reason. */
    void end(FinishReason reason) {
        release();
        List<Generation.Output> outputs = decoding.end(reason);
        listener.onEnd(new Generation(outputs, usage(outputs), timings()));
        reported = true;
    }

    private ChatResponse.Usage usage(List<Generation.Output> outputs) {
        return new ChatResponse.Usage(
                promptLength(),
                request.prompt().visualPlaces().length,
                outputs.stream().mapToInt(output -> output.ids().length).sum(),
                reused,
                reusedTiles,
                lookup == null ? 0 : lookup.drafted(),
                lookup == null ? 0 : lookup.accepted());
    }

    private ChatResponse.Timings timings() {
        long now = System.nanoTime();
        long start = admitted == 0 ? now : admitted;
        long first = firstToken == 0 ? now : firstToken;
        return new ChatResponse.Timings(
                request.preprocess(),
                Duration.ofNanos(start - submitted),
                Duration.ofNanos(visionNanos),
                Duration.ofNanos(first - start - visionNanos),
                Duration.ofNanos(now - first));
    }

    /** Marks it as gone from the engine; false if it was already. */
    boolean leave() {
        boolean first = !left;
        left = true;
        return first;
    }

    /** Whether its end or failure is reported, or about to be. */
    boolean isOver() {
        return reported || failure != null;
    }

    /** A failure made in advance, to report where there is no memory for another one. */
    RuntimeException spare() {
        return spare;
    }

    /** Sets its failure, which {@link #report} reports. */
    void fail(RuntimeException cause) {
        failure = cause;
    }

    /** Reports its failure; may be called again if it throws. */
    void report() {
        release();
        listener.onFailure(failure == null ? spare : failure);
        reported = true;
    }

    private void release() {
        pipeline.end();
        endPass();
        visual.close();
        pictures = List.of();
    }
}
