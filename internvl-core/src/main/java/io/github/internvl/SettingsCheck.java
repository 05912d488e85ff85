package io.github.internvl;

/** Which generation settings cannot be combined, and why. */
final class GenerationRules {
    private GenerationRules() {}

    static void check(GenerationConfig config) {
        int beams = config.beamSearch().beams();
        StopRules stop = config.stopRules();
        refuse(
                config.minNewTokens() > config.maxNewTokens(),
                "minNewTokens must not be above maxNewTokens: " + config.minNewTokens() + " and "
                        + config.maxNewTokens());
        refuse(
                config.answers() > 1 && beams == 1 && !config.sampling(),
                "answers above 1 need sampling or beams, as greedy answers are all the same: " + config.answers());
        refuse(
                config.answers() > 1 && config.tokenListener() != null,
                "answers above 1 and a tokenListener cannot be combined, as it would not know whose token it gets: "
                        + config.answers());
        if (!config.format().isText()) {
            checkFormat(config);
        }
        refuse(
                config.promptLookup() > 0 && (beams > 1 || config.answers() > 1),
                "promptLookup and several answers or beams cannot be combined, as drafts are made for one: "
                        + Math.max(beams, config.answers()));
        if (beams == 1) {
            return;
        }
        refuse(config.answers() > beams, "answers must not be above beams: " + config.answers() + " and " + beams);
        refuse(config.sampling(), "beams and sampling cannot be combined, as beams follow the best tokens: " + beams);
        refuse(
                config.tokenListener() != null,
                "beams and a tokenListener cannot be combined, as no token is final before the end: " + beams);
        refuse(
                config.logprobs().isPresent(),
                "beams and logprobs cannot be combined, as beams change places along the way: " + beams);
        refuse(
                !stop.texts().isEmpty(),
                "beams and stop texts cannot be combined, as a beam has no text before the end; use stopIds: "
                        + stop.texts());
        refuse(
                stop.loopNgram() > 0,
                "beams and stopLoops cannot be combined, as loops do not score; use noRepeatNgram: " + beams);
    }

    /** Refuses settings that would end an answer where its format does not, or keep it from going on. */
    static void checkFormat(GenerationConfig config) {
        StopRules stop = config.stopRules();
        refuse(
                !stop.texts().isEmpty() || !stop.ids().isEmpty(),
                "a format, or a tool call that is required, and stop texts or stopIds cannot be combined, as they would cut"
                        + " the answer; write a format that ends there: " + stop.texts() + stop.ids());
        refuse(
                stop.ignoreEnd(),
                "a format, or a tool call that is required, and ignoreEnd cannot be combined, as nothing may follow the end");
        refuse(
                config.minNewTokens() > 0,
                "a format, or a tool call that is required, and minNewTokens cannot be combined, as the format says where the"
                        + " answer may end; use minLength or minItems of a schema, or a count of an expression: "
                        + config.minNewTokens());
        refuse(
                config.penalties().noRepeatNgram() > 0,
                "a format, or a tool call that is required, and noRepeatNgram cannot be combined, as formats repeat"
                        + " themselves; use penalties: " + config.penalties().noRepeatNgram());
    }

    /** Refuses settings whose answer cannot come piece by piece. */
    static void checkStreaming(GenerationConfig config) {
        refuse(
                config.beamSearch().beams() > 1,
                "beams cannot be streamed, as no token is final before the end; use chat");
        refuse(config.answers() > 1, "several answers cannot be streamed, as a stream has one text; use chat");
    }

    private static void refuse(boolean wrong, String message) {
        if (wrong) {
            throw new InvalidRequestException(message);
        }
    }
}
