package io.github.internvl.internal.checkpoint;

import io.github.internvl.CheckpointException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Rotary embeddings as a language model's section describes them: {@code rope_theta} beside {@code rope_scaling} up to
 * transformers 4, {@code rope_parameters} with both in it from 5 on.
 *
 * @param base {@code rope_theta}
 * @param factor of dynamic NTK scaling; 0 for none
 */
record RopeConfig(double base, double factor) {
    private static final Set<String> KNOWN = Set.of("rope_theta", "rope_scaling", "rope_parameters");
    private static final Set<String> INNER =
            Set.of("rope_theta", "rope_type", "type", "factor", "partial_rotary_factor");
    private static final String PARTIAL = "partial_rotary_factor";

    /**
     * Reads the settings; refuses unknown ones, and two descriptions that differ.
     *
     * @param ownCode whether the reference's code comes with the checkpoint and reads {@code rope_theta} itself, as
     *     InternLM2's does; transformers 5.0 puts a default of its own beside it when it saves
     */
    static RopeConfig read(ConfigReader language, boolean ownCode) {
        refuseUnknown(language);
        wholeHead(language);
        List<RopeConfig> found = new ArrayList<>();
        for (String key : List.of("rope_scaling", "rope_parameters")) {
            if (language.has(key) && !language.section(key).keys().isEmpty()) {
                found.add(inner(language.section(key), language, ownCode));
            }
        }
        if (found.isEmpty()) {
            if (!language.has("rope_theta")) {
                throw language.missing("rope_theta (or rope_parameters.rope_theta)");
            }
            return new RopeConfig(language.positive("rope_theta"), 0);
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

    private static RopeConfig inner(ConfigReader scaling, ConfigReader language, boolean ownCode) {
        scaling.refuseOthers(key -> scaling.has(key) && !key.equals("original_max_position_embeddings"), INNER);
        wholeHead(scaling);
        double base = base(scaling, language, ownCode);
        String key = scaling.spelling("type", "rope_type");
        String kind = scaling.has(key) || scaling.has("factor") ? scaling.text(key) : "default";
        if (!kind.equals("default") && !kind.equals("dynamic")) {
            throw scaling.wrong(key, kind, "default, dynamic");
        }
        positions(scaling, language);
        if (kind.equals("dynamic")) {
            double factor = scaling.real("factor");
            if (factor < 1) {
                throw scaling.wrong("factor", factor, "1 or more");
            }
            return new RopeConfig(base, factor);
        }
        if (scaling.has("factor") && scaling.real("factor") != 1) {
            throw scaling.wrong("factor", scaling.real("factor"), "none, or 1, where " + key + " is default");
        }
        return new RopeConfig(base, 0);
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
