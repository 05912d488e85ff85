package io.github.internvl.internal.grammar;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.internvl.BudgetExceededException;
import io.github.internvl.InvalidRequestException;
import io.github.internvl.OutputFormat;
import io.github.internvl.ToolCall;
import java.util.ArrayList;
import java.util.List;

/** Compiles a format into the term of the texts that it allows. */
final class FormatCompiler {
    private FormatCompiler() {}

    static Term compile(OutputFormat format, JsonText json, Utf8 utf8) {
        Terms terms = json.terms();
        List<String> texts = format.texts();
        return switch (format.kind()) {
            case TEXT -> throw new IllegalArgumentException("free text has no rule");
            case JSON -> json.object();
            case JSON_SCHEMA -> new SchemaCompiler(json, SchemaDocument.parse(texts.get(0))).compile();
            case REGEX -> regex(terms, utf8, texts.get(0));
            case CHOICE -> Prefixes.texts(terms, texts);
            case TOOL_CALL -> toolCall(json, texts);
        };
    }

    private static Term regex(Terms terms, Utf8 utf8, String expression) {
        Term term = RegexParser.parse(terms, utf8::term, terms.empty, "the regular expression", expression);
        if (term == terms.nothing || term == terms.empty) {
            throw new InvalidRequestException("the regular expression must match some text: " + expression);
        }
        return term;
    }

    /** A call of one of some tools; {@code texts} are names and parameters in turns. */
    private static Term toolCall(JsonText json, List<String> texts) {
        Terms terms = json.terms();
        List<Term> calls = new ArrayList<>();
        for (int i = 0; i < texts.size(); i += 2) {
            String name = texts.get(i);
            SchemaDocument parameters = SchemaDocument.parse(texts.get(i + 1));
            try {
                calls.add(terms.sequence(
                        terms.literal("{\"name\": " + new JsonPrimitive(name) + ", \"arguments\": "),
                        new SchemaCompiler(json, objects(parameters)).compile(),
                        terms.literal("}")));
            } catch (BudgetExceededException e) {
                throw e;
            } catch (InvalidRequestException e) {
                throw new InvalidRequestException("the tool " + name + ": " + e.getMessage());
            }
        }
        return terms.sequence(
                terms.literal(ToolCall.START + "\n"), terms.choice(calls), terms.literal("\n" + ToolCall.END));
    }

    /** The schema, held to objects: arguments are always one. */
    private static SchemaDocument objects(SchemaDocument parameters) {
        if (!parameters.root().isJsonObject()
                || parameters.root().getAsJsonObject().has("type")) {
            return parameters;
        }
        JsonObject root = parameters.root().getAsJsonObject().deepCopy();
        root.addProperty("type", "object");
        return new SchemaDocument(root);
    }
}
