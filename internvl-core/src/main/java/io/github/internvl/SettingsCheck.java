package io.github.internvl;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** The ranges of a request's settings, and the combinations that are rejected, with their reasons. */
final class SettingsCheck {
    private static final int MOST_TILES = 1024;

    private SettingsCheck() {}

    static void sampling(
            OptionalDouble temperature, OptionalInt topK, OptionalDouble topP, double minP, double typicalP) {
        double divisor = temperature.orElse(1);
        require(
                divisor > 0 && divisor <= 100,
                "temperature must be above 0 and at most 100 (for the best token each time: sampling(false))",
                divisor);
        require(topK.orElse(0) >= 0, "topK must be 0 (no limit) or more", topK.orElse(0));
        require(isShare(topP.orElse(1)), "topP must be 0..1", topP.orElse(1));
        require(isShare(minP), "minP must be 0..1", minP);
        require(isShare(typicalP) && typicalP > 0, "typicalP must be above 0 and at most 1", typicalP);
    }

    private static boolean isShare(double value) {
        return value >= 0 && value <= 1;
    }

    static void penalties(
            double repetition,
            double presence,
            double frequency,
            int noRepeatNgram,
            List<String> badWords,
            Map<Integer, Double> logitBias) {
        require(repetition > 0 && repetition <= 100, "repetitionPenalty must be above 0 and at most 100", repetition);
        require(Math.abs(presence) <= 100, "presencePenalty must be -100..100", presence);
        require(Math.abs(frequency) <= 100, "frequencyPenalty must be -100..100", frequency);
        require(noRepeatNgram >= 0, "noRepeatNgram must be 0 (none) or more", noRepeatNgram);
        filled("bad words", badWords);
        logitBias.forEach((id, bias) -> {
            require(id >= 0, "logitBias must be for token ids of 0 or more", id);
            require(bias < Double.POSITIVE_INFINITY, "logitBias must be a number or negative infinity", bias);
        });
    }

    static void stopping(List<String> texts, int loopNgram, int loopTimes) {
        filled("stop texts", texts);
        require(loopNgram >= 0, "stopLoops needs runs of 0 (never) or more tokens", loopNgram);
        require(loopTimes >= 2 || loopNgram == 0, "stopLoops needs a run to come at least 2 times", loopTimes);
    }

    static void beams(int beams, double lengthPenalty) {
        require(beams >= 1, "beams must be at least 1", beams);
        require(Math.abs(lengthPenalty) <= 100, "lengthPenalty must be -100..100", lengthPenalty);
    }

    static void tiling(OptionalInt minTiles, OptionalInt maxTiles) {
        String rule = "Tiles must be 1 to " + MOST_TILES + "; leave it out for the model's own limit";
        minTiles.ifPresent(found -> require(found >= 1 && found <= MOST_TILES, "min" + rule, found));
        maxTiles.ifPresent(found -> require(found >= 1 && found <= MOST_TILES, "max" + rule, found));
        minTiles.ifPresent(found -> require(
                found <= maxTiles.orElse(MOST_TILES),
                "minTiles must not be above maxTiles, " + maxTiles.orElse(MOST_TILES)
                        + "; lower the one or raise the other",
                found));
    }

    private static void filled(String name, List<String> texts) {
        require(texts.stream().noneMatch(String::isEmpty), name + " must not be empty", texts);
    }

    /** Passes a value on that keeps a rule. */
    static <T> T require(boolean holds, String rule, T found) {
        if (!holds) {
            throw new InvalidRequestException(rule + ": " + found);
        }
        return found;
    }

    static void combination(GenerationConfig config) {
        int beams = config.beamSearch().beams();
        GenerationConfig.Stopping stop = config.stopping();
        reject(
                config.minNewTokens() > config.maxNewTokens(),
                "minNewTokens must not be above maxNewTokens: " + config.minNewTokens() + " and "
                        + config.maxNewTokens());
        reject(
                config.answers() > 1 && beams == 1 && !config.sampling().enabled(),
                "answers above 1 need sampling or beams, as greedy answers are all the same: " + config.answers());
        reject(
                config.answers() > 1 && config.tokenListener() != null,
                "answers above 1 and a tokenListener cannot be combined, as it would not know whose token it gets: "
                        + config.answers());
        if (!config.format().isText()) {
            checkFormat(config);
        }
        reject(
                config.promptLookup() > 0 && (beams > 1 || config.answers() > 1),
                "promptLookup and several answers or beams cannot be combined, as drafts are made for one: "
                        + Math.max(beams, config.answers()));
        if (beams == 1) {
            return;
        }
        reject(config.answers() > beams, "answers must not be above beams: " + config.answers() + " and " + beams);
        reject(
                config.sampling().enabled(),
                "beams and sampling cannot be combined, as beams follow the best tokens: " + beams);
        reject(
                config.tokenListener() != null,
                "beams and a tokenListener cannot be combined, as no token is final before the end: " + beams);
        reject(
                config.logprobs().isPresent(),
                "beams and logprobs cannot be combined, as beams change places along the way: " + beams);
        reject(
                !stop.texts().isEmpty(),
                "beams and stop texts cannot be combined, as a beam has no text before the end; use stopIds: "
                        + stop.texts());
        reject(
                stop.loopNgram() > 0,
                "beams and stopLoops cannot be combined, as loops do not score; use noRepeatNgram: " + beams);
    }

    /** Rejects settings that would end an answer where its format does not, or keep it from going on. */
    static void checkFormat(GenerationConfig config) {
        GenerationConfig.Stopping stop = config.stopping();
        reject(
                !stop.texts().isEmpty() || !stop.ids().isEmpty(),
                "a format, or a tool call that is required, and stop texts or stopIds cannot be combined, as they would cut"
                        + " the answer; write a format that ends there: " + stop.texts() + stop.ids());
        reject(
                stop.ignoreEnd(),
                "a format, or a tool call that is required, and ignoreEnd cannot be combined, as nothing may follow the end");
        reject(
                config.minNewTokens() > 0,
                "a format, or a tool call that is required, and minNewTokens cannot be combined, as the format says where the"
                        + " answer may end; use minLength or minItems of a schema, or a count of an expression: "
                        + config.minNewTokens());
        reject(
                config.penalties().noRepeatNgram() > 0,
                "a format, or a tool call that is required, and noRepeatNgram cannot be combined, as formats repeat"
                        + " themselves; use penalties: " + config.penalties().noRepeatNgram());
    }

    /** Rejects tools of one name, a choice of none among them, and settings that cannot be combined with them. */
    static void checkTools(List<Tool> tools, Tool.Choice choice, GenerationConfig config) {
        List<String> names = tools.stream().map(Tool::name).toList();
        reject(names.stream().distinct().count() < names.size(), "tools must have different names: " + names);
        reject(
                choice.isForced() && !names.contains(choice.tool().orElse(names.isEmpty() ? "" : names.get(0))),
                "a tool that must be called must be one of the request's: " + choice + " of " + names);
        if (choice.isForced()) {
            checkFormat(config);
        }
    }

    /** Rejects settings whose answer cannot come piece by piece. */
    static void checkStreaming(GenerationConfig config) {
        reject(
                config.beamSearch().beams() > 1,
                "beams cannot be streamed, as no token is final before the end; use chat");
        reject(config.answers() > 1, "several answers cannot be streamed, as a stream has one text; use chat");
    }

    private static void reject(boolean wrong, String message) {
        if (wrong) {
            throw new InvalidRequestException(message);
        }
    }
}
