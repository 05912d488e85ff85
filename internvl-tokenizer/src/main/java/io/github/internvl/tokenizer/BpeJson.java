package io.github.internvl.tokenizer;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * The {@code tokenizer.json} text of a BPE tokenizer. Every token, added or not, is written into the vocabulary: added tokens keep
 * their ids there even where these have gaps.
 *
 * @param merges pairs of pieces with a space between, the first merging before the second
 * @param userDefined pieces that are cut out of the text like added tokens, but after them
 * @param preTokenizer JSON, or null for none
 * @param postProcessor JSON, or null for none
 * @param modelOptions further JSON members of the model
 */
record BpeJson(
        Vocabulary vocabulary,
        List<String> merges,
        List<AddedToken> userDefined,
        String normalizer,
        String preTokenizer,
        String postProcessor,
        List<Option> modelOptions) {

    static final String NONE = "null";

    record Option(String name, String json) {}

    String write() {
        StringWriter text = new StringWriter(vocabulary.size() * 48);
        try (JsonWriter json = new JsonWriter(text)) {
            json.beginObject();
            json.name("version").value("1.0");
            json.name("truncation").jsonValue(NONE);
            json.name("padding").jsonValue(NONE);
            json.name("added_tokens").beginArray();
            for (AddedToken token : vocabulary.added()) {
                added(json, token, false);
            }
            for (AddedToken token : userDefined) {
                added(json, token, true);
            }
            json.endArray();
            json.name("normalizer").jsonValue(normalizer);
            json.name("pre_tokenizer").jsonValue(preTokenizer);
            json.name("post_processor").jsonValue(postProcessor);
            json.name("decoder").jsonValue(NONE);
            model(json.name("model"));
            json.endObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a StringWriter throws none
        }
        return text.toString();
    }

    private static void added(JsonWriter json, AddedToken token, boolean afterSpecialTokens) throws IOException {
        json.beginObject();
        json.name("id").value(token.id());
        json.name("content").value(token.content());
        json.name("single_word").value(false);
        json.name("lstrip").value(false);
        json.name("rstrip").value(false);
        json.name("normalized").value(afterSpecialTokens);
        json.name("special").value(token.special());
        json.endObject();
    }

    private void model(JsonWriter json) throws IOException {
        json.beginObject();
        json.name("type").value("BPE");
        for (Option option : modelOptions) {
            json.name(option.name()).jsonValue(option.json());
        }
        json.name("vocab").beginObject();
        vocabulary.forEach((token, id) -> {
            try {
                json.name(token).value(id);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        json.endObject();
        json.name("merges").beginArray();
        for (String merge : merges) {
            json.value(merge);
        }
        json.endArray();
        json.endObject();
    }
}
