package io.github.internvl.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint's tokenizer: text to token ids and back, with the same ids and text as the reference (OpenGVLab's chat code on
 * transformers). Immutable and safe for use by any number of threads; whoever loads it closes it.
 *
 * <p>Special tokens are recognised wherever their text stands, inside a user's words too, as in the reference: nothing is escaped, so
 * {@code "<|im_end|>"} typed by a user ends that user's turn. Remove them from untrusted text first.
 * {@code "<image>"} is no token.
 *
 * <p>Qwen2 to Qwen3: the whole text is brought to Unicode form NFC first. All merges of {@code merges.txt} count; the
 * slow tokenizer of transformers 4.37.2 skips those that start with {@code #}, which splits Markdown headings differently from what
 * the model was trained on. InternLM2: spaces and unknown characters are treated as {@code tokenizer.model} says.
 * U+0000 is one piece (354) as in SentencePiece up to 0.2.0; later releases write it as a byte (3). A UTF-16 surrogate without its
 * partner is read as U+FFFD in both. Phi-3: one space is put in front of the text, and white space behind {@code <|end|>} and the like
 * vanishes.
 */
public final class Tokenizer implements AutoCloseable {
    private final NativeTokenizer encoder;
    private final Vocabulary vocabulary;
    private final UnaryOperator<String> normalizer;
    private final ToLongFunction<String> leastBytes;
    private final DecodingRules decoding;
    private final boolean words;

    private Tokenizer(Definition definition) {
        encoder = new NativeTokenizer(definition);
        vocabulary = definition.vocabulary();
        normalizer = definition.normalizer();
        leastBytes = definition.leastBytes();
        decoding = definition.decoding();
        words = definition.words();
    }

    /**
     * Reads the tokenizer of a checkpoint folder. The files found there decide: {@code tokenizer.json}; else {@code vocab.json} with
     * {@code merges.txt} (Qwen2 to Qwen3); else {@code tokenizer.model} (InternLM2, Phi-3). Beside the last two, {@code added_tokens.json},
     * {@code special_tokens_map.json} and {@code tokenizer_config.json} name the added tokens. Nothing is downloaded, truncated or
     * padded, whatever these files say.
     *
     * @throws TokenizerException if the files are missing, damaged, contradict each other or are of another kind
     */
    public static Tokenizer load(Path checkpointFolder) {
        Path folder = checkpointFolder.toAbsolutePath().normalize();
        if (Files.exists(folder.resolve("tokenizer.json"))) {
            return new Tokenizer(TokenizerJsonFile.read(folder));
        }
        if (Files.exists(folder.resolve("vocab.json"))) {
            return new Tokenizer(ByteLevelFiles.read(folder));
        }
        if (Files.exists(folder.resolve("tokenizer.model"))) {
            return new Tokenizer(SentencePieceFiles.read(folder));
        }
        throw new TokenizerException(
                folder,
                "must hold tokenizer.json, or vocab.json with merges.txt, or tokenizer.model: found " + files(folder)
                        + "; download the tokenizer files of the checkpoint into it");
    }

    /**
     * The tokenizer of a folder with a SentencePiece {@code tokenizer.model} as the text of a {@code tokenizer.json}, which
     * transformers' fast tokenizers read. Such a tokenizer gives the same ids; it decodes without cleaning up spaces.
     *
     * @throws TokenizerException if the files are missing or damaged, or drop spaces, which that file cannot say
     */
    public static String json(Path checkpointFolder) {
        return SentencePieceJson.write(checkpointFolder.toAbsolutePath().normalize());
    }

    private static List<String> files(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(Path::getFileName).map(String::valueOf).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
    }

    /** The ids of a text as chat makes them: with {@code <s>} in front for InternLM2 and Phi-3, nothing for Qwen. */
    public int[] encode(String text) {
        return encode(text, true);
    }

    /**
     * The ids of a text. Several threads share a text of more than 32,768 characters where the vocabulary is Qwen2.5's.
     *
     * @param addSpecialTokens whether the tokenizer's own prefix comes first; special tokens in the text are recognised in any case
     * @throws IllegalStateException if the tokenizer has been closed
     */
    public int[] encode(String text, boolean addSpecialTokens) {
        return encode(text, addSpecialTokens, () -> {});
    }

    /**
     * The ids of a text, as {@link #encode(String, boolean)} gives them, for a caller that may want to stop.
     *
     * @param beforePart called before each part of a long text, on any thread; what it throws ends the encoding and is thrown
     */
    public int[] encode(String text, boolean addSpecialTokens, Runnable beforePart) {
        String normalized = normalizer.apply(wellFormed(text));
        return words
                ? LongText.encode(encoder, normalized, addSpecialTokens, LongText.PART, beforePart)
                : whole(normalized, addSpecialTokens, beforePart);
    }

    private int[] whole(String normalized, boolean addSpecialTokens, Runnable beforePart) {
        beforePart.run();
        return encoder.encode(normalized, addSpecialTokens);
    }

    /**
     * A lower bound of the tokens that a text has, found without encoding it: its bytes by those of the longest token, where
     * the tokenizer drops none.
     */
    public long leastTokens(String text) {
        return leastBytes.applyAsLong(text) / vocabulary.longest();
    }

    /**
     * The text of some ids, as the reference decodes them. Bytes that form no character become U+FFFD. InternLM2.5's tokenizer also
     * cleans up spaces, in code and tables too ({@code " ."} becomes {@code "."}, {@code " n't"} becomes {@code "n't"}), and sets off
     * special tokens by spaces where they are kept. A tokenizer read from {@code tokenizer.json} does neither, as transformers' fast
     * tokenizers, unless {@code tokenizer_config.json} asks for the clean-up.
     *
     * @param skipSpecialTokens whether {@linkplain #isSpecial special} tokens are left out, as chat does with answers
     * @throws IllegalArgumentException if an id has no token
     */
    public String decode(int[] ids, boolean skipSpecialTokens) {
        Decoder decoder = decoder(skipSpecialTokens);
        StringBuilder text = new StringBuilder(ids.length * 4);
        for (int id : ids) {
            text.append(decoder.add(id));
        }
        return text.append(decoder.finish()).toString();
    }

    /** The id of one token by its exact content, such as {@code "<IMG_CONTEXT>"}; empty if there is no such token. */
    public OptionalInt id(String token) {
        return vocabulary.id(token);
    }

    /**
     * Whether a token is special: marked so, or with a role such as {@code eos_token}; added tokens need not be. Phi-3's tokenizer
     * leaves those alone out of text that have a role.
     */
    public boolean isSpecial(int id) {
        return vocabulary.isSpecial(id);
    }

    /** One more than the largest id; a model's embedding can have more rows than this. */
    public int size() {
        return vocabulary.size();
    }

    /** A new decoder for one answer whose ids arrive one by one; it lives on when the tokenizer is closed. */
    public Decoder decoder(boolean skipSpecialTokens) {
        return new Decoder(vocabulary, decoding, skipSpecialTokens);
    }

    /**
     * The bytes that a token adds to a verbatim text; none for a special token, and none for an id without a token. The bytes
     * of a character may be spread over several tokens.
     */
    public byte[] bytes(int id) {
        return vocabulary.writes(id) ? vocabulary.bytes(id).clone() : new byte[0];
    }

    /**
     * A new decoder for one answer whose text is just the {@linkplain #bytes bytes} of its tokens: without special tokens, and
     * without the clean-up of spaces that InternLM2.5's tokenizer does, which would change a format.
     */
    public Decoder verbatimDecoder() {
        return new Decoder(vocabulary, DecodingRules.VERBATIM, true);
    }

    /** Frees the native tokenizer after the calls under way; closing twice is harmless. Decoding goes on to work. */
    @Override
    public void close() {
        encoder.close();
    }

    /** The text itself, or a copy with U+FFFD for every surrogate without its partner, which has no UTF-8 form. */
    private static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                int next = text.codePointAt(i);
                if (!Character.isSupplementaryCodePoint(next)) {
                    return text.codePoints()
                            .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
                            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                            .toString();
                }
                i++;
            }
        }
        return text;
    }

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
    public static final class Decoder {
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

        private Decoder(Vocabulary vocabulary, DecodingRules rules, boolean skipsSpecialTokens) {
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
            if (rules.spaces() == DecodingRules.Spaces.NONE || !vocabulary.isAdded(id)) {
                addText(bytes);
            } else if (vocabulary.standsAlone(id)) {
                endPart();
                utf8.append(bytes, 0, part);
                emitPart();
                partsBefore = true;
                partHasText = false;
            } else {
                boolean spaced = rules.spaces() == DecodingRules.Spaces.ALL;
                endRun(spaced && !afterSpecialToken);
                droppable = spaced ? droppable : 0;
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
            boolean waits = rules.spaces() == DecodingRules.Spaces.ALL && !skipsSpecialTokens;
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
}
