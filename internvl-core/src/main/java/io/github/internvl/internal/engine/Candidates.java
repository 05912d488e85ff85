package io.github.internvl.internal.engine;

import io.github.internvl.GenerationConfig;
import io.github.internvl.InvalidRequestException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The tokens that the next one is drawn from, with their logits; each rule of sampling makes fewer of them, at least one.
 * The rules are those of transformers' warpers, ties included. Immutable.
 */
public final class Candidates {
    private static final int TOP_K = 50; // without a setting

    private final int[] ids;
    private final float[] logits;

    private Candidates(int[] ids, float[] logits) {
        this.ids = ids;
        this.logits = logits;
    }

    /**
     * The tokens that the settings leave of a row of logits, which must not change afterwards.
     *
     * @throws InvalidRequestException if it forbids all tokens, or has numbers that are none
     */
    public static Candidates of(float[] row, GenerationConfig config) {
        return of(row).after(config);
    }

    /** How many of the best logits of a row are enough for {@link #of(int[], float[], GenerationConfig)}, if no others equal the last of them. */
    static int needed(GenerationConfig config) {
        int k = config.sampling().topK().orElse(TOP_K);
        return k == 0 ? DecodingStrategy.ALL : k;
    }

    /**
     * The tokens that the settings leave of the best ones of a row.
     *
     * @param ids those with the best logits, as many as are {@link #needed} and all that equal the last of these
     * @param logits theirs
     */
    static Candidates of(int[] ids, float[] logits, GenerationConfig config) {
        int[] byId = IntStream.range(0, ids.length)
                .boxed()
                .sorted(Comparator.comparingInt(i -> ids[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        Candidates all = new Candidates(Arrays.stream(byId).map(i -> ids[i]).toArray(), reordered(logits, byId));
        Candidates finite = all.keep(i -> all.logits[i] != Float.NEGATIVE_INFINITY);
        return finite.after(config);
    }

    private static float[] reordered(float[] logits, int[] order) {
        float[] all = new float[order.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = logits[order[i]];
        }
        return all;
    }

    private Candidates after(GenerationConfig config) {
        GenerationConfig.Sampling sampling = config.sampling();
        return withTemperature(sampling.temperature().orElse(1))
                .topK(sampling.topK().orElse(TOP_K))
                .topP(sampling.topP().orElse(1))
                .minP(sampling.minP())
                .typicalP(sampling.typicalP());
    }

    private static Candidates of(float[] row) {
        int[] ids = new int[row.length];
        int count = 0;
        boolean numbers = true;
        for (int id = 0; id < row.length; id++) {
            if (row[id] != Float.NEGATIVE_INFINITY) {
                ids[count++] = id;
                numbers &= Float.isFinite(row[id]);
            }
        }
        if (count == 0 || !numbers) {
            throw new InvalidRequestException("penalties, bans and processors must leave a token with a finite logit: "
                    + (numbers
                            ? "they leave none; allow more"
                            : "they made logits that are not numbers; use milder ones"));
        }
        if (count == row.length) {
            return new Candidates(ids, row);
        }
        float[] logits = new float[count];
        for (int i = 0; i < count; i++) {
            logits[i] = row[ids[i]];
        }
        return new Candidates(Arrays.copyOf(ids, count), logits);
    }

    /** The tokens, smallest id first. */
    public int[] ids() {
        return ids.clone();
    }

    /** Their logits. */
    public float[] logits() {
        return logits.clone();
    }

    /** Their probabilities, which are 1 together. */
    public double[] probabilities() {
        double[] weights = weights();
        double sum = 0;
        for (double weight : weights) {
            sum += weight;
        }
        for (int i = 0; i < weights.length; i++) {
            weights[i] /= sum;
        }
        return weights;
    }

    /** The token at a point of all their probabilities in a row, 0 to below 1: at a random one, a draw. */
    public int draw(double point) {
        double[] weights = weights();
        double rest = 0;
        for (double weight : weights) {
            rest += weight;
        }
        rest *= point;
        int i = 0;
        for (; i < weights.length - 1; i++) {
            rest -= weights[i];
            if (rest < 0) {
                break;
            }
        }
        return ids[i];
    }

    private Candidates withTemperature(double temperature) {
        if (temperature == 1) {
            return this;
        }
        float[] scaled = new float[logits.length];
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = logits[i] / (float) temperature;
        }
        return new Candidates(ids, scaled);
    }

    /** The tokens not below the k-th best. */
    private Candidates topK(int k) {
        if (k == 0 || k >= ids.length) {
            return this;
        }
        PriorityQueue<Float> best = new PriorityQueue<>();
        float least = Float.POSITIVE_INFINITY;
        for (float logit : logits) {
            if (best.size() < k || logit > least) {
                best.add(logit);
                if (best.size() > k) {
                    best.remove();
                }
                least = best.element();
            }
        }
        float limit = least;
        return keep(i -> logits[i] >= limit);
    }

    /** The fewest best ones that reach a probability together. */
    private Candidates topP(double wanted) {
        if (wanted >= 1) {
            return this;
        }
        double[] probabilities = probabilities();
        Ranking ranking = Ranking.largestFirst(logits);
        boolean[] kept = new boolean[ids.length];
        double reached = 0;
        for (int rank = 0; rank < ids.length && (rank == 0 || reached < wanted); rank++) {
            int i = ranking.at(rank);
            kept[i] = true;
            reached += probabilities[i];
        }
        return keep(i -> kept[i]);
    }

    /** The tokens whose probability is at least a share of the best one's. */
    private Candidates minP(double share) {
        if (share <= 0) {
            return this;
        }
        double[] weights = weights(); // the best one's is 1
        return keep(i -> weights[i] >= share);
    }

    /** The fewest that reach a probability together, those first whose surprise is nearest to the expected one. */
    private Candidates typicalP(double wanted) {
        if (wanted >= 1) {
            return this;
        }
        double[] probabilities = probabilities();
        double entropy = 0;
        for (double p : probabilities) {
            entropy -= p == 0 ? 0 : p * Math.log(p);
        }
        float[] oddity = new float[ids.length];
        for (int i = 0; i < oddity.length; i++) {
            oddity[i] = (float) Math.abs(-Math.log(probabilities[i]) - entropy);
        }
        Ranking ranking = Ranking.smallestFirst(oddity);
        double reached = 0;
        int rank = -1;
        do {
            reached += probabilities[ranking.at(++rank)];
        } while (reached < wanted && rank < ids.length - 1);
        float most = oddity[ranking.at(rank)];
        return keep(i -> oddity[i] <= most);
    }

    private Candidates keep(IntPredicate wanted) {
        int[] keptIds = new int[ids.length];
        float[] keptLogits = new float[ids.length];
        int count = 0;
        for (int i = 0; i < ids.length; i++) {
            if (wanted.test(i)) {
                keptIds[count] = ids[i];
                keptLogits[count++] = logits[i];
            }
        }
        return new Candidates(Arrays.copyOf(keptIds, count), Arrays.copyOf(keptLogits, count));
    }

    /** Probabilities up to a factor: the best one's is 1. */
    private double[] weights() {
        float best = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            best = Math.max(best, logit);
        }
        double[] weights = new double[logits.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Math.exp((double) logits[i] - best);
        }
        return weights;
    }
}
