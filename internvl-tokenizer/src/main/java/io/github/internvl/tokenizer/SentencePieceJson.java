package io.github.internvl.tokenizer;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;

/** A SentencePiece tokenizer as a whole {@code tokenizer.json}, with the steps before and after it that are Java's otherwise. */
final class SentencePieceJson {
    private static final String ESCAPE = """
            {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}""";
    private static final String UNESCAPE = """
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}""";

    private SentencePieceJson() {}

    static String write(Path folder) {
        Path file = folder.resolve("tokenizer.model");
        SentencePieceModel model = SentencePieceModel.read(file);
        if (model.removesExtraSpaces()) {
            throw new TokenizerException(
                    file, "must keep all spaces for a tokenizer.json, but removes extra ones; keep tokenizer.model");
        }
        JsonObject json =
                JsonParser.parseString(SentencePieceFiles.read(folder).json()).getAsJsonObject();
        boolean prefix = model.addsDummyPrefix();
        json.add(
                "normalizer",
                JsonParser.parseString(
                        prefix
                                ? sequence("normalizers", "{\"type\": \"Prepend\", \"prepend\": \"\u2581\"}", ESCAPE)
                                : ESCAPE));
        String strip = "{\"type\": \"Strip\", \"content\": \" \", \"start\": 1, \"stop\": 0}";
        String bytes = "{\"type\": \"ByteFallback\"}";
        String fuse = "{\"type\": \"Fuse\"}";
        json.add(
                "decoder",
                JsonParser.parseString(
                        prefix
                                ? sequence("decoders", UNESCAPE, bytes, fuse, strip)
                                : sequence("decoders", UNESCAPE, bytes, fuse)));
        return json.toString();
    }

    private static String sequence(String name, String... parts) {
        return "{\"type\": \"Sequence\", \"" + name + "\": [" + String.join(", ", parts) + "]}";
    }
}
