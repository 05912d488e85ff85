package io.github.internvl.internal.engine;

import io.github.internvl.ChatResponse.FinishReason;
import io.github.internvl.GenerationConfig.BeamSearch;
import io.github.internvl.GenerationConfig.EarlyStopping;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Beam search as transformers does it. Each step looks at the best continuations of all beams, at least two for each beam
 * and more where several tokens end an answer; those that end one count only among the first as many as there are beams,
 * and the best of the others are the next beams. A beam whose first child takes its place keeps its slot; its other
 * children are copied into the slots of beams that have none.
 */
final class Beams implements DecodingStrategy {
    private record Beam(int[] ids, double sum) {}

    private record Continuation(int parent, int id, double sum) {}

    private record Complete(int[] ids, double score, FinishReason reason) {}

    private final PreparedRequest request;
    private final BeamSearch search;
    private final LogitsPipeline pipeline;
    private final Tokenizer tokenizer;
    private final int room;
    private final Set<Integer> ends;
    private final @Nullable Beam[] beams;
    private final List<Complete> complete = new ArrayList<>(); // best first, no more than beams
    private int length;

    /** Starts a search of at most {@code room} tokens. */
    Beams(PreparedRequest request, LogitsPipeline pipeline, Tokenizer tokenizer, int room) {
        this.request = request;
        this.search = request.config().beamSearch();
        this.pipeline = pipeline;
        this.tokenizer = tokenizer;
        this.room = room;
        this.ends = new HashSet<>(request.ends().ids());
        ends.addAll(request.config().stopping().ids());
        this.beams = new Beam[search.beams()];
        beams[0] = new Beam(new int[0], 0);
    }

    @Override
    public int[] live() {
        return IntStream.range(0, beams.length).filter(i -> beams[i] != null).toArray();
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public int last(int branch) {
        return beam(branch).ids()[length - 1];
    }

    private Beam beam(int branch) {
        Beam beam = beams[branch];
        if (beam == null) {
            throw new IllegalStateException("beam " + branch + " has ended");
        }
        return beam;
    }

    @Override
    public int[] computed() {
        return new int[0];
    }

    @Override
    public int logitsNeeded() {
        return ALL;
    }

    @Override
    public boolean isReady() {
        boolean ready = true;
        for (int branch : live()) {
            ready &= pipeline.isReady(beam(branch).ids());
        }
        return ready;
    }

    @Override
    public List<Copy> advance(LogitRows rows) {
        List<Continuation> best = best(rows);
        List<Continuation> next = new ArrayList<>();
        for (int rank = 0; rank < best.size() && next.size() < beams.length; rank++) {
            Continuation one = best.get(rank);
            if (!ends.contains(one.id())) {
                next.add(one);
            } else if (rank < beams.length) {
                complete(new Beam(extended(one), one.sum()), FinishReason.STOP);
            }
        }
        length++;
        List<Copy> copies = place(next);
        if (best.isEmpty() || isSettled(best.get(0).sum())) {
            Arrays.fill(beams, null);
        } else if (length == room) {
            for (int branch : live()) {
                complete(beam(branch), FinishReason.LENGTH);
            }
            Arrays.fill(beams, null);
        }
        return copies;
    }

    /** The best continuations of all beams, best first. */
    private List<Continuation> best(LogitRows rows) {
        int count = Math.max(2, 1 + ends.size()) * beams.length;
        int[] live = live();
        List<Continuation> all = new ArrayList<>();
        for (int row = 0; row < live.length; row++) {
            Beam beam = beam(live[row]);
            float[] logits = rows.of(row);
            double sum = LogitRows.logSum(logits);
            for (int i = 0; i < logits.length; i++) {
                logits[i] = (float) (logits[i] - sum);
            }
            pipeline.process(beam.ids(), logits);
            Ranking ranking = Ranking.largestFirst(logits);
            for (int rank = 0; rank < Math.min(count, logits.length); rank++) {
                int id = ranking.at(rank);
                if (Float.isFinite(logits[id])) {
                    all.add(new Continuation(live[row], id, beam.sum() + logits[id]));
                }
            }
        }
        all.sort(Comparator.comparingDouble(Continuation::sum).reversed());
        return all.subList(0, Math.min(count, all.size()));
    }

    private int[] extended(Continuation one) {
        int[] before = beam(one.parent()).ids();
        int[] ids = Arrays.copyOf(before, before.length + 1);
        ids[before.length] = one.id();
        return ids;
    }

    /** Places the next beams; a first child keeps its parent's place. */
    private List<Copy> place(List<Continuation> next) {
        @Nullable Beam[] placed = new Beam[beams.length];
        List<Continuation> displaced = new ArrayList<>();
        for (Continuation one : next) {
            if (placed[one.parent()] == null) {
                placed[one.parent()] = new Beam(extended(one), one.sum());
            } else {
                displaced.add(one);
            }
        }
        List<Copy> copies = new ArrayList<>();
        int free = 0;
        for (Continuation one : displaced) {
            while (placed[free] != null) {
                free++;
            }
            placed[free] = new Beam(extended(one), one.sum());
            copies.add(new Copy(one.parent(), free));
        }
        System.arraycopy(placed, 0, beams, 0, beams.length);
        return length > 1 ? copies : fork();
    }

    /** The copies of the prompt into all slots, also the ones that get a beam later. */
    private List<Copy> fork() {
        return IntStream.range(1, beams.length).mapToObj(i -> new Copy(0, i)).toList();
    }

    private void complete(Beam beam, FinishReason reason) {
        double score = beam.sum() / Math.pow(beam.ids().length, search.lengthPenalty());
        int at = 0;
        while (at < complete.size() && complete.get(at).score() >= score) {
            at++;
        }
        complete.add(at, new Complete(beam.ids(), score, reason));
        if (complete.size() > beams.length) {
            complete.remove(beams.length);
        }
    }

    /** Whether no live beam can still enter the complete answers, by the rule of the settings. */
    private boolean isSettled(double bestSum) {
        if (complete.size() < beams.length) {
            return false;
        }
        boolean anyLength = search.earlyStopping() == EarlyStopping.WHEN_IMPOSSIBLE;
        int reach = anyLength && search.lengthPenalty() > 0 ? room : length;
        double within = bestSum / Math.pow(reach, search.lengthPenalty());
        return search.earlyStopping() == EarlyStopping.WHEN_COMPLETE
                || complete.get(beams.length - 1).score() >= within;
    }

    @Override
    public List<Generation.Output> end(FinishReason reason) {
        for (int branch : live()) {
            if (length > 0) {
                complete(beam(branch), reason);
            }
        }
        if (complete.isEmpty() && reason != FinishReason.CANCELLED) {
            throw new InvalidRequestException(
                    "penalties, bans and processors leave no answer to the beams; allow more tokens");
        }
        List<Generation.Output> answers = new ArrayList<>();
        for (int i = 0; i < request.config().answers(); i++) {
            answers.add(
                    i < complete.size()
                            ? answer(complete.get(i))
                            : new Generation.Output("", new int[0], FinishReason.CANCELLED, List.of()));
        }
        return answers;
    }

    private Generation.Output answer(Complete one) {
        boolean cut = one.reason() == FinishReason.STOP
                && !request.config().stopping().includeStop()
                && request.config().stopping().ids().contains(one.ids()[one.ids().length - 1]);
        AnswerText text =
                new AnswerText(tokenizer, request.config(), request.ends().texts(), Set.of());
        for (int i = 0; i < one.ids().length - (cut ? 1 : 0) && !text.isStopped(); i++) {
            text.add(one.ids()[i]);
        }
        text.finish();
        return new Generation.Output(text.text(), one.ids(), one.reason(), List.of());
    }
}
