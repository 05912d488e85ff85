package io.github.internvl.tokenizer;

import com.google.gson.JsonPrimitive;
import io.github.internvl.tokenizer.DecodingRules.Spaces;
import io.github.internvl.tokenizer.SentencePieceModel.Piece;
import io.github.internvl.tokenizer.SentencePieceModel.PieceType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The tokenizer of InternLM2 or Llama from a SentencePiece {@code tokenizer.model} and the files of {@link TokenizerConfig}.
 *
 * <p>Special tokens are cut out first. Then SentencePiece's user-defined pieces are: they become added tokens that are not special.
 * Six of them carry other names in {@code tokenizer_config.json}, and give that token's id under both names. The rest is merged
 * by BPE: two neighbours merge if together they are a piece, the piece with the highest score first.
 */
final class SentencePieceFiles {
    private static final String INTERNLM2 = "InternLM2Tokenizer";
    private static final String LLAMA = "LlamaTokenizer";
    private static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");

    private SentencePieceFiles() {}

    static Definition read(Path folder) {
        Path file = folder.resolve("tokenizer.model");
        SentencePieceModel model = SentencePieceModel.read(file);
        TokenizerConfig config = new TokenizerConfig(folder);
        boolean llama = config.requireClass(INTERNLM2, LLAMA).equals(LLAMA);
        if (llama) {
            requireKnown(config, model, file);
        }
        Map<String, Integer> pieces = new HashMap<>();
        for (Piece piece : model.pieces()) {
            pieces.put(piece.text(), pieces.size());
        }
        if (pieces.size() < model.pieces().size()) {
            throw new TokenizerException(file, "pieces must differ, but some are there twice; download it again");
        }
        List<AddedToken> added = config.addedTokens(pieces).stream()
                .map(token -> decoded(token, config, llama, pieces.size()))
                .toList();
        Vocabulary vocabulary = new Vocabulary(pieces, piece -> pieceBytes(piece, model.byteFallback()), added, file);

        List<AddedToken> userDefined = new ArrayList<>();
        Map<String, String> overlaid = new LinkedHashMap<>();
        String unknown = "<unk>";
        for (int id = 0; id < model.pieces().size(); id++) {
            Piece piece = model.pieces().get(id);
            if (piece.type() == PieceType.UNKNOWN) {
                unknown = piece.text();
            } else if (piece.type() == PieceType.USER_DEFINED && vocabulary.isAdded(id)) {
                overlaid.put(piece.text(), vocabulary.token(id));
            } else if (piece.type() == PieceType.USER_DEFINED) {
                userDefined.add(new AddedToken(id, piece.text(), false));
            }
        }
        String start = config.role("bos_token", "<s>");
        String json = new BpeJson(
                        vocabulary,
                        merges(model),
                        userDefined,
                        BpeJson.NONE,
                        BpeJson.NONE,
                        config.flag("add_bos_token", true) ? startsWith(start, vocabulary, file) : BpeJson.NONE,
                        List.of(
                                new BpeJson.Option("unk_token", new JsonPrimitive(unknown).toString()),
                                new BpeJson.Option("fuse_unk", "true"),
                                new BpeJson.Option("byte_fallback", String.valueOf(model.byteFallback()))))
                .write();
        int droppedSpaces = model.removesExtraSpaces() ? Integer.MAX_VALUE : model.addsDummyPrefix() ? 1 : 0;
        return new Definition(
                json,
                vocabulary,
                llama
                        ? new LlamaSpaces(added, config.stripping())::escape
                        : new SpaceEscaper(model, added, overlaid)::escape,
                model.byteFallback() ? LeastBytes::withoutSpaces : text -> 0,
                llama
                        ? new DecodingRules(config.flag("clean_up_tokenization_spaces", false), true, Spaces.APART, 1)
                        : new DecodingRules(true, true, Spaces.ALL, droppedSpaces),
                false,
                cause -> TokenizerException.refused(file, cause));
    }

    /** The rules of Llama's tokenizer that {@link LlamaSpaces} follows; the legacy ones differ, and are the default. */
    private static void requireKnown(TokenizerConfig config, SentencePieceModel model, Path file) {
        if (config.flag("legacy", true)) {
            throw new TokenizerException(
                    file.resolveSibling("tokenizer_config.json"),
                    "legacy must be false for " + LLAMA
                            + ": true, which is the default; put a tokenizer.json beside it");
        }
        if (model.removesExtraSpaces()) {
            throw new TokenizerException(
                    file, "remove_extra_whitespaces must be off for " + LLAMA + ": on; put a tokenizer.json beside it");
        }
    }

    /** How the slow tokenizers decode a token: Llama's skips those alone that have a role. */
    private static AddedToken decoded(AddedToken token, TokenizerConfig config, boolean llama, int pieces) {
        boolean role = config.hasRole(token.content());
        boolean own = llama && role && !config.isListed(token.content());
        boolean apart = !own && (token.id() >= pieces || !(llama ? role : token.special()));
        return new AddedToken(token.id(), token.content(), token.special(), llama ? role : token.special(), !apart);
    }

    /** The bytes of a piece: its text with U+2581 for the space, or the one byte that a byte piece is. */
    static byte[] pieceBytes(String piece, boolean byteFallback) {
        if (byteFallback && piece.length() == 6 && BYTE.matcher(piece).matches()) {
            return new byte[] {(byte) Integer.parseInt(piece, 3, 5, 16)};
        }
        return piece.replace(SpaceEscaper.ESCAPED, ' ').getBytes(StandardCharsets.UTF_8);
    }

    /** All ways to put a piece together from two others, best score first; of one piece's ways the lower ids first. */
    private static List<String> merges(SentencePieceModel model) {
        Map<String, Integer> normal = new HashMap<>();
        for (int id = 0; id < model.pieces().size(); id++) {
            if (model.pieces().get(id).type() == PieceType.NORMAL) {
                normal.put(model.pieces().get(id).text(), id);
            }
        }
        List<String> merges = new ArrayList<>(2 * normal.size());
        model.pieces().stream()
                .filter(piece -> piece.type() == PieceType.NORMAL)
                .sorted(Comparator.comparingDouble(Piece::score).reversed())
                .forEach(piece -> ways(piece.text(), normal).forEach(way -> merges.add(way.text())));
        return merges;
    }

    private record Way(int left, int right, String text) {}

    private static List<Way> ways(String piece, Map<String, Integer> pieces) {
        List<Way> ways = new ArrayList<>(2);
        for (int cut = 1; cut < piece.length(); cut++) {
            String before = piece.substring(0, cut);
            String after = piece.substring(cut);
            Integer left = pieces.get(before);
            Integer right = left == null ? null : pieces.get(after);
            if (left != null && right != null) {
                ways.add(new Way(left, right, before + " " + after));
            }
        }
        ways.sort(Comparator.comparingInt(Way::left).thenComparingInt(Way::right));
        return ways;
    }

    /** A post-processor that puts one token in front. */
    private static String startsWith(String token, Vocabulary vocabulary, Path file) {
        int id = vocabulary
                .id(token)
                .orElseThrow(() -> new TokenizerException(
                        file,
                        "must hold the bos_token of tokenizer_config.json: " + token
                                + "; take both from one checkpoint"));
        return """
                {"type": "TemplateProcessing",
                 "single": [{"SpecialToken": {"id": %1$s, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                 "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                 "special_tokens": {%1$s: {"id": %1$s, "ids": [%2$d], "tokens": [%1$s]}}}""".formatted(new JsonPrimitive(token), id);
    }
}
