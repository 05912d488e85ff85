package io.github.internvl.tokenizer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/** All tokens of a tokenizer with the bytes each one stands for: the model's own pieces, and the added tokens over or after them. */
final class Vocabulary {
    private final Map<String, Integer> ids;
    private final @Nullable String[] tokens;
    private final byte[][] bytes;
    private final List<AddedToken> added;
    private final BitSet isAdded = new BitSet();
    private final BitSet isSpecial = new BitSet();
    private final BitSet isSkipped = new BitSet();
    private final BitSet isInText = new BitSet();
    private int longest = 1;

    /**
     * @param pieces the model's own pieces and their ids; the vocabulary takes the map over
     * @param pieceBytes the bytes that a piece stands for
     * @param added the added tokens; one with the id of a piece takes that piece's place
     * @param source the file to name in errors
     */
    Vocabulary(Map<String, Integer> pieces, Function<String, byte[]> pieceBytes, List<AddedToken> added, Path source) {
        this.added = added;
        ids = pieces;
        int pieceCount = 1
                + pieces.values().stream()
                        .mapToInt(id -> checked(id, source))
                        .max()
                        .orElse(-1);
        int size = Math.max(
                pieceCount,
                1
                        + added.stream()
                                .mapToInt(token -> checked(token.id(), source))
                                .max()
                                .orElse(-1));
        tokens = new String[size];
        bytes = new byte[size][];
        pieces.forEach((piece, id) -> put(id, piece, pieceBytes.apply(piece)));
        for (AddedToken token : added) {
            Integer known = ids.putIfAbsent(token.content(), token.id());
            if (known != null && known != token.id()) {
                throw new TokenizerException(
                        source,
                        "the token " + token.content() + " must have one id: " + known + " and " + token.id()
                                + "; take all tokenizer files from the same checkpoint");
            }
            put(token.id(), token.content(), token.content().getBytes(StandardCharsets.UTF_8));
            isAdded.set(token.id());
            isSpecial.set(token.id(), token.special());
            isSkipped.set(token.id(), token.skipped());
            isInText.set(token.id(), token.inText());
        }
    }

    private static int checked(int id, Path source) {
        if (id < 0 || id >= 1 << 24) {
            throw new TokenizerException(source, "token ids must be 0.." + ((1 << 24) - 1) + ": " + id);
        }
        return id;
    }

    private void put(int id, String token, byte[] content) {
        tokens[id] = token;
        bytes[id] = content;
        longest = Math.max(longest, content.length);
    }

    /** Most bytes that one token stands for. */
    int longest() {
        return longest;
    }

    OptionalInt id(String token) {
        Integer id = ids.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    String token(int id) {
        bytes(id);
        return Objects.requireNonNull(tokens[id]);
    }

    int size() {
        return tokens.length;
    }

    List<AddedToken> added() {
        return added;
    }

    boolean isSpecial(int id) {
        return id >= 0 && isSpecial.get(id);
    }

    /** Whether the token is left out of text that is decoded without special tokens. */
    boolean isSkipped(int id) {
        return isSkipped.get(id);
    }

    boolean isAdded(int id) {
        return isAdded.get(id);
    }

    /** Whether the reference decodes the token apart from the text around it. */
    boolean standsAlone(int id) {
        return isAdded.get(id) && !isInText.get(id);
    }

    /** The bytes a token stands for; callers must not change them. */
    byte[] bytes(int id) {
        if (id < 0 || id >= tokens.length || tokens[id] == null) {
            throw new IllegalArgumentException(
                    "token id must be one of the vocabulary's, 0.." + (tokens.length - 1) + ": " + id);
        }
        return bytes[id];
    }

    /** Whether a token adds to a text: it is there and not special. */
    boolean writes(int id) {
        return id >= 0 && id < tokens.length && tokens[id] != null && !isSpecial.get(id);
    }

    void forEach(ObjIntConsumer<String> action) {
        for (int id = 0; id < tokens.length; id++) {
            String token = tokens[id];
            if (token != null) {
                action.accept(token, id);
            }
        }
    }
}
