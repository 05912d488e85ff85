package io.github.internvl.internal.engine;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.ChatResponse.TokenScore;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.internal.torch.ComputeFailure;
import io.github.internvl.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One answer that grows on its own: its tokens, its text, and the reason of its end. The engine's thread owns it. */
final class Answer {
    private static final int FIRST_ROOM = 64;

    private final PreparedRequest request;
    private final GenerationConfig config;
    private final GenerationConfig.Stopping stop;
    private final LogitsPipeline pipeline;
    private final Tokenizer tokenizer;
    private final SplittableRandom random;
    private final AnswerText text;
    private final Consumer<String> listener;
    private final int room;
    private final List<TokenScore> scores = new ArrayList<>();
    private int[] ids = new int[FIRST_ROOM];
    private int length;
    private @Nullable FinishReason reason;

    /**
     * Starts an answer.
     *
     * @param number the number of the answer in its request, from 0
     * @param listener gets each piece of its text
     * @param room the most tokens
     */
    Answer(
            PreparedRequest request,
            LogitsPipeline pipeline,
            Tokenizer tokenizer,
            int number,
            Consumer<String> listener,
            int room) {
        this.request = request;
        this.config = request.config();
        this.stop = config.stopping();
        this.pipeline = pipeline;
        this.tokenizer = tokenizer;
        this.random = config.sampling().seed().isPresent()
                ? new SplittableRandom(config.sampling().seed().getAsLong() + number)
                : new SplittableRandom();
        List<String> stops = new ArrayList<>(stop.texts());
        stops.addAll(request.ends().texts());
        Set<String> included = stop.includeStop() ? Set.copyOf(stop.texts()) : Set.of();
        this.text = new AnswerText(tokenizer, config, stops, included);
        this.listener = listener;
        this.room = room;
    }

    boolean isLive() {
        return reason == null;
    }

    int last() {
        return ids[length - 1];
    }

    /** Its tokens but the last, which the model has not computed. */
    int[] computed() {
        return Arrays.copyOf(ids, Math.max(0, length - 1));
    }

    /** Whether the next token can be chosen without waiting for a processor. */
    boolean isReady() {
        return !pipeline.isAwaited() || pipeline.isReady(Arrays.copyOf(ids, length));
    }

    /** Chooses the next token from the logits of a row and takes it. */
    void advance(LogitRows rows, int row) {
        boolean scored = config.logprobs().isPresent();
        if (!config.sampling().enabled() && pipeline.isEmpty() && !scored) {
            append(rows.best(row));
            return;
        }
        if (pipeline.isEmpty() && !scored) {
            append(rows.candidates(row, config).draw(random.nextDouble()));
            return;
        }
        float[] logits = rows.of(row);
        if (!pipeline.isEmpty()) {
            pipeline.process(Arrays.copyOf(ids, length), logits);
        }
        int id = config.sampling().enabled() ? Candidates.of(logits, config).draw(random.nextDouble()) : best(logits);
        if (scored) {
            scores.add(score(rows.of(row), id, config.logprobs().getAsInt()));
        }
        append(id);
    }

    private static int best(float[] logits) {
        int id = LogitRows.argmax(logits);
        if (!Float.isFinite(logits[id])) {
            boolean none = logits[id] == Float.NEGATIVE_INFINITY;
            throw new InvalidRequestException("penalties, bans and processors must leave a token with a finite logit: "
                    + (none
                            ? "they leave none; allow more"
                            : "they made the best one " + logits[id] + "; use milder ones"));
        }
        return id;
    }

    private TokenScore score(float[] logits, int id, int count) {
        double sum = LogitRows.logSum(logits);
        Ranking ranking = Ranking.largestFirst(logits);
        List<TokenScore> best = IntStream.range(0, Math.min(count, logits.length))
                .map(ranking::at)
                .mapToObj(other -> new TokenScore(other, text(other), logits[other] - sum, List.of()))
                .toList();
        return new TokenScore(id, text(id), logits[id] - sum, best);
    }

    private String text(int id) {
        return id < tokenizer.size() ? tokenizer.decode(new int[] {id}, false) : "";
    }

    private void append(int id) {
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, 2 * length);
        }
        ids[length++] = id;
        boolean stops = stop.ids().contains(id);
        if (!stops || stop.includeStop()) {
            emit(length < config.minNewTokens() ? text.addUnstopped(id) : text.add(id));
        }
        boolean goesOn = asksForMore(id);
        if (stops || !goesOn || text.isStopped() || request.ends().ids().contains(id)) {
            reason = FinishReason.STOP;
        } else if (isLoop()) {
            reason = FinishReason.LOOP;
        } else if (length == room) {
            reason = FinishReason.LENGTH;
        }
        if (reason != null) {
            emit(text.finish());
        }
    }

    private boolean asksForMore(int id) {
        IntPredicate listener = config.tokenListener();
        try {
            return listener == null || listener.test(id);
        } catch (Throwable e) { // a caller's may throw anything, checked exceptions too
            throw ComputeFailure.ofCallback("tokenListener", e);
        }
    }

    /** Whether the last run of tokens has come as often as ends an answer. */
    private boolean isLoop() {
        int run = stop.loopNgram();
        if (run == 0 || length < run || length < config.minNewTokens()) {
            return false;
        }
        int times = 0;
        for (int end = run; end <= length; end++) {
            times += Arrays.equals(ids, end - run, end, ids, length - run, length) ? 1 : 0;
        }
        return times >= stop.loopTimes();
    }

    private void emit(String some) {
        if (!some.isEmpty()) {
            listener.accept(some);
        }
    }

    /** The finished answer; one that is not complete ends for this reason. */
    Generation.Output end(FinishReason unlessComplete) {
        if (reason == null) {
            reason = unlessComplete;
            emit(text.finish());
        }
        return new Generation.Output(text.text(), Arrays.copyOf(ids, length), reason, List.copyOf(scores));
    }
}
