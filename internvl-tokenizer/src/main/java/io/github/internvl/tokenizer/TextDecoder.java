package io.github.internvl.tokenizer;

import io.github.internvl.tokenizer.DecodingRules.Spaces;
import org.jspecify.annotations.Nullable;

/**
 * Decodes one answer while it is generated: ids go in one by one, whole characters come out. All that {@link #add} and
 * {@link #finish} return, put together, equals {@link Tokenizer#decode} of all ids; the work per id does not grow with the answer.
 * Not thread-safe; it holds nothing that needs closing.
 *
 * <p>Held back is only what a later id can still change: an unfinished UTF-8 sequence, and for InternLM2.5 a few characters at the end
 * that the clean-up of spaces may alter ({@code " "} waits, since a full stop would take it away). White space at the ends of an
 * answer is kept. InternLM2.5's tokenizer, asked to keep special tokens, puts the space of a special token in front of the text
 * before it; in that mode text comes out when a special token or the end follows.
 */
public final class TextDecoder {
    private final Vocabulary vocabulary;
    private final DecodingRules rules;
    private final boolean skipsSpecialTokens;
    private final Utf8Joiner utf8;
    private final @Nullable SpaceCleanUp cleanUp;

    private final StringBuilder run = new StringBuilder(); // decoded text since the last special token
    private int droppable; // pieces at the beginning of the run that may lose a space
    private boolean afterSpecialToken;
    private final StringBuilder part = new StringBuilder(); // cleaned text on its way out
    private boolean partHasText;
    private boolean partsBefore; // parts, unless empty, are joined by a space
    private final StringBuilder out = new StringBuilder();

    TextDecoder(Vocabulary vocabulary, DecodingRules rules, boolean skipsSpecialTokens) {
        this.vocabulary = vocabulary;
        this.rules = rules;
        this.skipsSpecialTokens = skipsSpecialTokens;
        utf8 = new Utf8Joiner(rules.replacesEachByte());
        cleanUp = rules.cleansSpaces() ? new SpaceCleanUp() : null;
        droppable = rules.droppedSpaces();
    }

    /**
     * Takes the next id and returns the text that is certain now, possibly empty.
     *
     * @throws IllegalArgumentException if the id has no token; the decoder is as before
     */
    public String add(int id) {
        byte[] bytes = vocabulary.bytes(id);
        if (skipsSpecialTokens && vocabulary.isSkipped(id)) {
            return "";
        }
        if (rules.spaces() == Spaces.NONE || !vocabulary.isAdded(id)) {
            addText(bytes);
        } else if (vocabulary.standsAlone(id)) {
            endPart();
            utf8.append(bytes, 0, part);
            emitPart();
            partsBefore = true;
            partHasText = false;
        } else {
            endRun(rules.spaces() == Spaces.ALL && !afterSpecialToken);
            droppable = rules.spaces() == Spaces.ALL ? droppable : 0;
            utf8.append(bytes, 0, run);
            moveRun();
            afterSpecialToken = true;
        }
        return take();
    }

    /** Returns the rest: what was held back, with U+FFFD for an unfinished character. The decoder is then ready for a new answer. */
    public String finish() {
        endPart();
        partsBefore = false;
        return take();
    }

    private void addText(byte[] bytes) {
        boolean drops = droppable > 0 && bytes.length > 0 && bytes[0] == ' ';
        utf8.append(bytes, drops ? 1 : 0, run);
        droppable = drops && bytes.length == 1 ? droppable - 1 : 0;
        afterSpecialToken = false;
        boolean waits = rules.spaces() == Spaces.ALL && !skipsSpecialTokens;
        if (!waits) {
            moveRun();
        }
    }

    private void endRun(boolean spaced) {
        utf8.finish(run);
        if (spaced) {
            run.insert(0, ' ');
        }
        moveRun();
        droppable = rules.droppedSpaces();
    }

    private void endPart() {
        endRun(false);
        if (cleanUp != null) {
            cleanUp.finish(part);
            emitPart();
        }
        partsBefore |= partHasText;
        partHasText = false;
        afterSpecialToken = false;
    }

    private void moveRun() {
        if (cleanUp == null) {
            part.append(run);
        } else {
            cleanUp.append(run, part);
        }
        run.setLength(0);
        emitPart();
    }

    private void emitPart() {
        if (!part.isEmpty()) {
            out.append(partsBefore && !partHasText ? " " : "").append(part);
            partHasText = true;
            part.setLength(0);
        }
    }

    private String take() {
        String text = out.toString();
        out.setLength(0);
        return text;
    }
}
