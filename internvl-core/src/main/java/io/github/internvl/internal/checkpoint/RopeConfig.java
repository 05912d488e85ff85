package io.github.internvl.internal.checkpoint;

import io.github.internvl.CheckpointException;
import io.github.internvl.internal.checkpoint.ModelConfig.Family;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Rotary embeddings as a language model's section describes them: {@code rope_theta} beside {@code rope_scaling} up to
 * transformers 4, {@code rope_parameters} with both in it from 5 on.
 *
 * @param base {@code rope_theta}
 * @param factor of dynamic NTK scaling; 0 for none
 * @param limit the most tokens that are rotated without scaling, or by the divisors for few
 * @param few divisors of the frequencies, one for each pair of a head's numbers; empty for none
 * @param many divisors beyond the limit; empty for none
 * @param magnitude what cosines and sines are multiplied by
 */
public record RopeConfig(double base, double factor, int limit, List<Double> few, List<Double> many, double magnitude) {
    private static final Set<String> KNOWN = Set.of("rope_theta", "rope_scaling", "rope_parameters");
    private static final Set<String> INNER = Set.of("rope_theta", "rope_type", "type", "partial_rotary_factor");
    private static final Set<String> LONG = Set.of("su", "longrope");
    private static final String PARTIAL = "partial_rotary_factor";
    private static final String ORIGINAL = "original_max_position_embeddings";

    private static RopeConfig plain(double base, int limit) {
        return new RopeConfig(base, 0, limit, List.of(), List.of(), 1);
    }

    /** Whether the rotation of a token depends on how many there are. */
    public boolean isScaled() {
        return factor > 0 || !many.equals(few);
    }

    /** The same without dynamic scaling. Divisors of frequencies stay, since no reference leaves them out. */
    public RopeConfig unscaled() {
        return factor > 0 ? plain(base, limit) : this;
    }

    /** The settings in words. */
    @Override
    public String toString() {
        String scaling = factor > 0
                ? "dynamic, factor " + factor + " beyond " + limit + " tokens"
                : isScaled() ? "longrope, by other frequencies beyond " + limit + " tokens" : "no scaling";
        return "rope theta " + base + " (" + scaling + ")";
    }

    /**
     * Reads the settings; refuses unknown ones, and two descriptions that differ.
     *
     * @param family whose settings they are: the code that comes with checkpoints of InternLM2 and Phi-3 reads {@code
     *     rope_theta} itself, where transformers 5.0 puts a default of its own beside it when it saves
     */
    static RopeConfig read(ConfigReader language, Family family) {
        refuseUnknown(language);
        wholeHead(language);
        List<RopeConfig> found = new ArrayList<>();
        for (String key : List.of("rope_scaling", "rope_parameters")) {
            if (language.has(key) && !language.section(key).keys().isEmpty()) {
                found.add(inner(language.section(key), language, family));
            }
        }
        if (found.isEmpty()) {
            if (!language.has("rope_theta")) {
                throw language.missing("rope_theta (or rope_parameters.rope_theta)");
            }
            return plain(language.positive("rope_theta"), language.number("max_position_embeddings"));
        }
        if (found.size() > 1 && !found.get(0).equals(found.get(1))) {
            throw new CheckpointException(language.place("rope_scaling") + " and rope_parameters: must agree: "
                    + found.get(0) + " and " + found.get(1) + "; remove the one that is not meant");
        }
        return found.get(0);
    }

    /** Refuses rotary settings in a section that has no use for them, or of an unknown name. */
    static void refuseUnknown(ConfigReader section) {
        section.refuseOthers(RopeConfig::isRotary, KNOWN);
    }

    private static boolean isRotary(String key) {
        String lower = key.toLowerCase(Locale.ROOT);
        return lower.startsWith("rope") || lower.startsWith("rotary") || lower.startsWith("mrope");
    }

    private static RopeConfig inner(ConfigReader scaling, ConfigReader language, Family family) {
        boolean own = family == Family.INTERNLM2 || family == Family.PHI3;
        String key = scaling.spelling("type", "rope_type");
        String kind = scaling.has(key) || scaling.has("factor") ? scaling.text(key) : "default";
        boolean isLong = family == Family.PHI3 && LONG.contains(kind);
        Set<String> known = new HashSet<>(INNER);
        known.addAll(isLong ? Set.of("short_factor", "long_factor") : Set.of("factor"));
        scaling.refuseOthers(name -> scaling.has(name) && !name.equals(ORIGINAL), known);
        wholeHead(scaling);
        double base = base(scaling, language, own);
        if (isLong) {
            return divided(base, scaling, language);
        }
        if (!kind.equals("default") && !kind.equals("dynamic")) {
            throw scaling.wrong(
                    key, kind, family == Family.PHI3 ? "default, dynamic, su, longrope" : "default, dynamic");
        }
        positions(scaling, language);
        RopeConfig plain = plain(base, language.number("max_position_embeddings"));
        if (kind.equals("dynamic")) {
            double factor = scaling.real("factor");
            if (factor < 1) {
                throw scaling.wrong("factor", factor, "1 or more");
            }
            return new RopeConfig(base, factor, plain.limit(), List.of(), List.of(), 1);
        }
        if (scaling.has("factor") && scaling.real("factor") != 1) {
            throw scaling.wrong("factor", scaling.real("factor"), "none, or 1, where " + key + " is default");
        }
        return plain;
    }

    /** Phi-3's scaling: one list of divisors up to {@code original_max_position_embeddings}, another one beyond. */
    private static RopeConfig divided(double base, ConfigReader scaling, ConfigReader language) {
        ConfigReader place = language.has(ORIGINAL) || !scaling.has(ORIGINAL) ? language : scaling;
        int original = place.number(ORIGINAL);
        double stretch = (double) language.number("max_position_embeddings") / original;
        double magnitude = stretch > 1 ? Math.sqrt(1 + Math.log(stretch) / Math.log(original)) : 1;
        return new RopeConfig(
                base,
                0,
                original,
                divisors("short_factor", scaling, language),
                divisors("long_factor", scaling, language),
                magnitude);
    }

    private static List<Double> divisors(String key, ConfigReader scaling, ConfigReader language) {
        List<Double> divisors = scaling.reals(key);
        int pairs = language.number("hidden_size") / language.number("num_attention_heads") / 2;
        if (divisors.size() != pairs || divisors.stream().anyMatch(divisor -> divisor <= 0)) {
            throw scaling.wrong(key, divisors, "a list of " + pairs + " numbers above 0, one for each pair of a head");
        }
        return divisors;
    }

    private static double base(ConfigReader scaling, ConfigReader language, boolean ownCode) {
        if (!scaling.has("rope_theta") || (ownCode && language.has("rope_theta"))) {
            if (!language.has("rope_theta")) {
                throw scaling.missing("rope_theta");
            }
            return language.positive("rope_theta");
        }
        double base = scaling.positive("rope_theta");
        if (language.has("rope_theta") && language.positive("rope_theta") != base) {
            throw new CheckpointException(language.place("rope_theta") + ": must agree with "
                    + scaling.place("rope_theta") + ": " + language.positive("rope_theta") + " and " + base
                    + "; remove the one that is not meant");
        }
        return base;
    }

    /** Dynamic scaling begins beyond {@code max_position_embeddings}, whatever the original model had. */
    private static void positions(ConfigReader scaling, ConfigReader language) {
        String key = "original_max_position_embeddings";
        if (scaling.has(key) && scaling.number(key) != language.number("max_position_embeddings")) {
            throw scaling.wrong(
                    key, scaling.number(key), "max_position_embeddings, " + language.number("max_position_embeddings"));
        }
    }

    private static void wholeHead(ConfigReader section) {
        if (section.has(PARTIAL) && section.real(PARTIAL) != 1) {
            throw section.wrong(PARTIAL, section.real(PARTIAL), "1");
        }
    }
}
