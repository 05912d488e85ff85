package io.github.internvl.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A {@code tokenizer.json} file, which goes to the native tokenizer as it is. Only what decoding and the look-up of tokens need is read
 * here: the vocabulary, the added tokens and the kinds of the normalizer and decoder.
 */
final class TokenizerJsonFile {
    private final Path path;
    private String modelType = "";
    private boolean byteFallback;
    private Map<String, Integer> pieces = Map.of();
    private final List<String> merges = new ArrayList<>();
    private final List<AddedToken> added = new ArrayList<>();
    private Set<String> normalizers = Set.of();
    private Set<String> decoders = Set.of();
    private boolean words;
    private boolean plain = true;

    private TokenizerJsonFile(Path path) {
        this.path = path;
    }

    static Definition read(Path folder) {
        JsonFile file = new JsonFile(folder.resolve("tokenizer.json"));
        TokenizerJsonFile content = new TokenizerJsonFile(file.path());
        String text = file.text();
        file.parse(text, content::parse);
        content.requireAgreement(folder);
        boolean cleansSpaces = new TokenizerConfig(folder).flag("clean_up_tokenization_spaces", false);
        return content.definition(text, cleansSpaces);
    }

    /** The files of the slow tokenizer must say the same where they are there too: callers of the reference take either. */
    private void requireAgreement(Path folder) {
        Path vocabulary = folder.resolve("vocab.json");
        if (Files.exists(vocabulary)) {
            requireSame(vocabulary, "vocabulary", pieces.equals(new JsonFile(vocabulary).read(JsonFile::ids)));
        }
        Path mergesFile = folder.resolve("merges.txt");
        if (Files.exists(mergesFile)) {
            requireSame(mergesFile, "list of merges", merges.equals(ByteLevelFiles.merges(mergesFile)));
        }
    }

    private void requireSame(Path other, String what, boolean same) {
        if (!same) {
            throw new TokenizerException(
                    path,
                    "must have the same " + what + " as " + other
                            + "; remove the files of the tokenizer that the model was not trained with");
        }
    }

    private Definition definition(String json, boolean cleansSpaces) {
        if (!modelType.equals("BPE")) {
            throw unsupported("the model's type must be BPE: " + modelType);
        }
        boolean byteLevel = decoders.contains("ByteLevel");
        if (!byteLevel && !decoders.contains("ByteFallback")) {
            throw unsupported("the decoder must be ByteLevel, or a sequence with ByteFallback: " + decoders);
        }
        Function<String, byte[]> pieceBytes = byteLevel
                ? ByteLevelFiles.pieceBytes(path)
                : piece -> SentencePieceFiles.pieceBytes(piece, byteFallback);
        UnaryOperator<String> normalizer =
                normalizers.contains("NFC") ? ByteLevelFiles::compose : UnaryOperator.identity();
        return new Definition(
                json,
                new Vocabulary(pieces, pieceBytes, List.copyOf(added), path),
                normalizer,
                words && plain ? LeastBytes::all : text -> 0,
                new DecodingRules(
                        cleansSpaces, !byteLevel, DecodingRules.Spaces.NONE, decoders.contains("Strip") ? 1 : 0),
                words && plain && LongText.canBeCut(added),
                cause -> TokenizerException.refused(path, cause));
    }

    private boolean parse(JsonReader json) throws IOException {
        json.beginObject();
        while (json.hasNext()) {
            switch (json.nextName()) {
                case "added_tokens" -> addedTokens(JsonParser.parseReader(json).getAsJsonArray());
                case "normalizer" -> normalizers = types(JsonParser.parseReader(json));
                case "pre_tokenizer" -> words = isWords(JsonParser.parseReader(json));
                case "post_processor" ->
                    plain &= !types(JsonParser.parseReader(json)).contains("TemplateProcessing");
                case "decoder" -> decoders = types(JsonParser.parseReader(json));
                case "model" -> model(json);
                default -> json.skipValue();
            }
        }
        json.endObject();
        return true;
    }

    private void model(JsonReader json) throws IOException {
        json.beginObject();
        while (json.hasNext()) {
            switch (json.nextName()) {
                case "type" -> modelType = json.nextString();
                case "byte_fallback" -> byteFallback = json.nextBoolean();
                case "vocab" -> pieces = JsonFile.ids(json);
                case "merges" -> merges(json);
                default -> json.skipValue();
            }
        }
        json.endObject();
    }

    /** A merge is a text with a space between the two pieces, or a pair since tokenizers 0.20. */
    private void merges(JsonReader json) throws IOException {
        json.beginArray();
        while (json.hasNext()) {
            if (json.peek() == JsonToken.BEGIN_ARRAY) {
                json.beginArray();
                merges.add(json.nextString() + " " + json.nextString());
                json.endArray();
            } else {
                merges.add(json.nextString());
            }
        }
        json.endArray();
    }

    private void addedTokens(JsonArray tokens) {
        for (JsonElement each : tokens) {
            JsonObject token = each.getAsJsonObject();
            plain &= Stream.of("lstrip", "rstrip", "single_word")
                    .noneMatch(name -> token.has(name) && token.get(name).getAsBoolean());
            added.add(new AddedToken(
                    token.get("id").getAsInt(),
                    token.get("content").getAsString(),
                    token.get("special").getAsBoolean()));
        }
    }

    /** Whether a pre-tokenizer is the one of {@link ByteLevelFiles}. */
    private static boolean isWords(JsonElement preTokenizer) {
        return types(preTokenizer).equals(Set.of("ByteLevel", "Sequence", "Split"))
                && preTokenizer.toString().contains("\"Isolated\"")
                && preTokenizer.toString().contains(new JsonPrimitive(LongText.WORDS).toString());
    }

    /** The kinds of a component and of its parts. */
    private static Set<String> types(JsonElement component) {
        Set<String> types = new TreeSet<>();
        if (component instanceof JsonObject object) {
            if (object.has("type")) {
                types.add(object.get("type").getAsString());
            }
            object.asMap().values().forEach(part -> types.addAll(types(part)));
        } else if (component instanceof JsonArray array) {
            array.forEach(part -> types.addAll(types(part)));
        }
        return types;
    }

    private TokenizerException unsupported(String problem) {
        return new TokenizerException(
                path,
                problem + "; use the tokenizer.json of an InternVL checkpoint, or remove it to use the other files");
    }
}
