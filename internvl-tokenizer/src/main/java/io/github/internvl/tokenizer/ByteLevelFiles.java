package io.github.internvl.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The Qwen2.5 tokenizer from {@code vocab.json}, {@code merges.txt} and the files of {@link TokenizerConfig}: byte-level BPE, where
 * every character of a piece stands for one byte.
 *
 * <p>The first line of {@code merges.txt} is its version; further lines that start with {@code #} are merges like the others.
 */
final class ByteLevelFiles {
    /** How the reference's Qwen2 tokenizer splits text before it merges. */
    private static final String PRE_TOKENIZER = """
            {"type": "Sequence", "pretokenizers": [
              {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex": "%s"}},
              {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}]}""".formatted(LongText.WORDS.replace("\\", "\\\\"));

    private ByteLevelFiles() {}

    static Definition read(Path folder) {
        TokenizerConfig config = new TokenizerConfig(folder);
        config.requireClass("Qwen2Tokenizer");
        Path vocabularyFile = folder.resolve("vocab.json");
        Path mergesFile = folder.resolve("merges.txt");
        Map<String, Integer> pieces = new JsonFile(vocabularyFile).read(JsonFile::ids);
        Vocabulary vocabulary =
                new Vocabulary(pieces, pieceBytes(vocabularyFile), config.addedTokens(pieces), vocabularyFile);
        String json = new BpeJson(
                        vocabulary,
                        merges(mergesFile),
                        List.of(),
                        "{\"type\": \"NFC\"}",
                        PRE_TOKENIZER,
                        BpeJson.NONE,
                        List.of())
                .write();
        DecodingRules decoding = new DecodingRules(
                config.flag("clean_up_tokenization_spaces", false), false, DecodingRules.Spaces.NONE, 0);
        return new Definition(
                json,
                vocabulary,
                ByteLevelFiles::compose,
                LeastBytes::all,
                decoding,
                LongText.canBeCut(vocabulary.added()),
                cause -> diagnosis(mergesFile, pieces, cause));
    }

    /** NFC of the whole text: a mark after a special token can change that token's last character, and then it is none. */
    static String compose(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC);
    }

    /** Turns the characters of a byte-level piece back into bytes. */
    static Function<String, byte[]> pieceBytes(Path source) {
        int[] byteOf = byteOfCharacter();
        return piece -> {
            byte[] bytes = new byte[piece.length()];
            for (int i = 0; i < bytes.length; i++) {
                char c = piece.charAt(i);
                if (c >= byteOf.length || byteOf[c] < 0) {
                    throw new TokenizerException(
                            source,
                            "pieces must be written in the 256 characters that stand for bytes: " + piece
                                    + "; use the vocabulary of a Qwen2.5 based checkpoint");
                }
                bytes[i] = (byte) byteOf[c];
            }
            return bytes;
        };
    }

    /** GPT-2's alphabet: printable Latin-1 characters stand for themselves, the other bytes are U+0100 and on, in order. */
    private static int[] byteOfCharacter() {
        int[] byteOf = new int[0x100 + 68];
        Arrays.fill(byteOf, -1);
        int next = 0x100;
        for (int b = 0; b < 0x100; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD);
            byteOf[printable ? b : next++] = b;
        }
        return byteOf;
    }

    /** The merges of a file, in order. */
    static List<String> merges(Path file) {
        JsonFile.requireRegular(file);
        try {
            List<String> lines = Files.readAllLines(file);
            boolean versioned = !lines.isEmpty() && lines.get(0).startsWith("#version");
            return lines.stream()
                    .skip(versioned ? 1 : 0)
                    .filter(line -> !line.isEmpty())
                    .toList();
        } catch (IOException e) {
            throw TokenizerException.unreadable(file, e);
        }
    }

    /** Why the native tokenizer refused the files: a merge of unknown tokens, if there is one. */
    private static TokenizerException diagnosis(Path file, Map<String, Integer> pieces, RuntimeException cause) {
        for (String merge : merges(file)) {
            int space = Math.max(merge.indexOf(' '), 0);
            String left = merge.substring(0, space);
            String right = merge.substring(space + 1);
            if (!pieces.keySet().containsAll(List.of(left, right, left + right))) {
                return new TokenizerException(
                        file + ": every line must name two tokens of vocab.json that make a third: " + merge
                                + "; take both files from the same checkpoint",
                        cause);
            }
        }
        return TokenizerException.refused(file, cause);
    }
}
