package io.github.internvl.internal.generate;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.internal.model.VisionEncoder;
import io.github.internvl.tokenizer.TextDecoder;
import io.github.internvl.vision.tiles.PixelTiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One request in the making: how much of its prompt the model has seen, and the branches that grow from there. The prompt
 * is computed in the first of its slots. The engine's thread owns it; only {@link #cancel} may be called from elsewhere.
 */
public final class Sequence {
    /** Keys and values of some positions go from one slot to another one. */
    record SlotCopy(int from, int to, int start, int end) {}

    private final GenerationRequest request;
    private final Generation.Listener listener;
    private final LogitsPipeline pipeline;
    private final Decoding decoding;
    private final VisualTokens visual;
    private final PromptLookup lookup;
    private final Content content;
    private final int capacity;
    private final long submitted = System.nanoTime();

    private List<PixelTiles> pictures; // until all of their tiles are encoded
    private VisionEncoder.@Nullable Pass pass;
    private int computed;
    private int reused;
    private int reusedTiles;
    private int[] slots = {};
    private long admitted;
    private long lastSeen; // when its tiles were last worked on
    private long visionNanos;
    private long firstToken;
    private final RuntimeException spare = ComputeFailure.spare();
    private @Nullable RuntimeException failure;
    private boolean left;
    private boolean told;
    private volatile boolean cancelled;

    /** The next one in the engine's list of those that could not be told of their failure. */
    @Nullable
    Sequence nextUntold;

    /**
     * Makes a sequence whose answers {@code decoders} turn into text.
     *
     * @param visual the place for its visual tokens
     * @param plainLimit most tokens whose keys do not depend on how many there are
     */
    Sequence(
            GenerationRequest request,
            Generation.Listener listener,
            Supplier<TextDecoder> decoders,
            VisualTokens visual,
            int contextTokens,
            int plainLimit) {
        this.listener = listener;
        this.visual = visual;
        this.pictures = request.pictures();
        TokenPrompt prompt = request.prompt();
        this.content = new Content(prompt.ids(), prompt.visualPlaces(), TileHash.of(pictures));
        this.request = request.withoutPictures();
        int length = promptLength();
        this.capacity =
                (int) Math.min(contextTokens, (long) length + request.config().maxNewTokens());
        this.pipeline = new LogitsPipeline(request.config(), request.endIds(), request.badWords(), request.history());
        this.decoding = decoding(this.request, pipeline, listener, decoders, capacity - length);
        this.lookup = new PromptLookup(capacity <= plainLimit ? request.config().promptLookup() : 0);
    }

    private static Decoding decoding(
            GenerationRequest request,
            LogitsPipeline pipeline,
            Generation.Listener listener,
            Supplier<TextDecoder> decoders,
            int room) {
        if (request.config().beamSearch().beams() > 1) {
            return new Beams(request, pipeline, decoders, room);
        }
        int answers = request.config().answers();
        Consumer<String> pieces = answers == 1 ? listener::onText : text -> {};
        List<Branch> branches = new ArrayList<>();
        for (int i = 0; i < answers; i++) {
            branches.add(new Branch(request, pipeline, decoders.get(), i, pieces, room));
        }
        boolean bestIsEnough = pipeline.isEmpty()
                && !request.config().sampling()
                && request.config().logprobs().isEmpty();
        return new Branches(branches, !bestIsEnough);
    }

    /** Ends the answer as soon as the engine comes to it; its slots are free then. From any thread, as often as you like. */
    public void cancel() {
        cancelled = true;
    }

    /** When it ends at the latest, by {@code System.nanoTime()}; null for never. */
    public @Nullable Long deadline() {
        return request.urgency().deadline();
    }

    /** Why it is to end now, whatever it has; null if it is not. */
    @Nullable
    FinishReason due() {
        Long deadline = deadline();
        if (cancelled) {
            return FinishReason.CANCELLED;
        }
        return deadline != null && System.nanoTime() - deadline >= 0 ? FinishReason.TIMEOUT : null;
    }

    GenerationRequest request() {
        return request;
    }

    Decoding decoding() {
        return decoding;
    }

    VisualTokens visual() {
        return visual;
    }

    /** The whole prompt. */
    Content content() {
        return content;
    }

    /** The tokens of prompt and answer that the model has seen: the content of the first slot. */
    Content computedContent() {
        return computed < promptLength() ? content.first(computed) : content.and(decoding.kept());
    }

    /** The slots of its branches; none before it is admitted. */
    int[] slots() {
        return slots;
    }

    /** Most tokens of prompt and answer together. */
    int capacity() {
        return capacity;
    }

    int promptLength() {
        return request.prompt().ids().length;
    }

    /** How many tokens of the prompt the model has seen: they are in the first slot. */
    int computed() {
        return computed;
    }

    /** Some tokens of a branch: of the prompt, or its last one with the drafts after it. */
    int[] tokens(int branch, int start, int end) {
        if (start < promptLength()) {
            return Arrays.copyOfRange(request.prompt().ids(), start, end);
        }
        int[] tokens = new int[end - start];
        tokens[0] = decoding.last(branch);
        System.arraycopy(lookup.drafts(), 0, tokens, 1, tokens.length - 1);
        return tokens;
    }

    /** Drafts what may come after the last token; how many tokens the next step is to verify. */
    int draft() {
        if (request.config().promptLookup() > 0) {
            int[] said = content.and(decoding.kept()).ids();
            int[] all = Arrays.copyOf(said, said.length + 1);
            all[said.length] = decoding.last(0);
            lookup.draft(all, capacity - all.length);
        }
        return lookup.drafts().length;
    }

    /** Tiles of all pictures. */
    int tiles() {
        return content.tiles().size();
    }

    List<PixelTiles> pictures() {
        return pictures;
    }

    boolean needsVision() {
        return computed < promptLength() && visual.count() < tiles();
    }

    /** Its tiles that are going through the ViT. */
    VisionEncoder.@Nullable Pass pass() {
        return pass;
    }

    /** When its tiles were last worked on; the time of its admission before that. */
    long lastSeen() {
        return lastSeen;
    }

    /** Gets its slots, where the first tokens of the prompt are already. */
    void admit(int[] freeSlots, int present) {
        slots = freeSlots;
        computed = present;
        reused = present;
        admitted = System.nanoTime();
        lastSeen = admitted;
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

    /** One more tile was known. */
    void foundTile() {
        reusedTiles++;
    }

    void tookForVision(long nanos) {
        visionNanos += nanos;
        lastSeen = System.nanoTime();
        if (!needsVision()) {
            pictures = List.of();
        }
    }

    /** More tokens of the prompt are in the slot. */
    void promptComputed(int count) {
        computed += count;
        if (computed == promptLength()) {
            visual.close();
        }
    }

    /**
     * Takes the next token of each branch, and of the only one as many more as were drafted rightly and need not be waited
     * for; what has to be copied before the next ones are computed.
     */
    List<SlotCopy> advance(LogitRows rows) {
        int[] drafts = lookup.drafts();
        if (drafts.length == 0) {
            return take(rows);
        }
        int right = 0;
        take(rows.only(0));
        while (right < drafts.length && !isComplete() && decoding.last(0) == drafts[right] && decoding.isReady()) {
            right++;
            take(rows.only(right));
        }
        lookup.verified(right);
        return List.of();
    }

    private List<SlotCopy> take(LogitRows rows) {
        if (decoding.length() == 0) {
            firstToken = System.nanoTime();
        }
        int count = decoding.live().length;
        List<Decoding.Copy> copies = decoding.advance(rows);
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

    /** Tells the answers; those that are not complete end for this reason. */
    void end(FinishReason reason) {
        release();
        List<Generation.Answer> answers = decoding.end(reason);
        long now = System.nanoTime();
        long start = admitted == 0 ? now : admitted;
        long first = firstToken == 0 ? now : firstToken;
        listener.onEnd(new Generation(
                answers,
                reused,
                reusedTiles,
                lookup.drafted(),
                lookup.accepted(),
                start - submitted,
                visionNanos,
                first - start - visionNanos,
                now - first));
        told = true;
    }

    /** Notes that it is no longer inside; false if that is noted already. */
    boolean leave() {
        boolean first = !left;
        left = true;
        return first;
    }

    /** Whether its end, or its failure, has been told or is about to be. */
    boolean isOver() {
        return told || failure != null;
    }

    /** The failure to tell where there is no memory for another one. */
    RuntimeException spare() {
        return spare;
    }

    /** Ends it with a failure, which {@link #tell} tells. */
    void fail(RuntimeException cause) {
        failure = cause;
    }

    /** Tells its failure; where that throws, it may be tried again. */
    void tell() {
        release();
        listener.onFailure(failure == null ? spare : failure);
        told = true;
    }

    private void release() {
        pipeline.end();
        endPass();
        visual.close();
        pictures = List.of();
    }
}
