package io.github.internvl.grammar;

import com.google.gson.JsonObject;
import java.util.List;

/**
 * A set of texts, described but not compiled: nothing is read or checked before {@link #compile}. Immutable and thread-safe.
 */
public final class Grammar {
    private interface Source {
        Expr compile(JsonText json, Utf8 utf8);
    }

    private final Source source;

    private Grammar(Source source) {
        this.source = source;
    }

    /** Any JSON object, written compactly. A key may appear twice in it. */
    public static Grammar json() {
        return new Grammar((json, utf8) -> json.object());
    }

    /** JSON values that a schema allows, written compactly, with their properties in the order of the schema. */
    public static Grammar jsonSchema(String schema) {
        return new Grammar((json, utf8) -> new SchemaCompiler(json, SchemaDocument.parse(schema)).compile());
    }

    /** JSON values that a schema allows, restricted to objects where the schema names no type. */
    public static Grammar jsonObject(String schema) {
        return new Grammar((json, utf8) -> new SchemaCompiler(json, objects(SchemaDocument.parse(schema))).compile());
    }

    private static SchemaDocument objects(SchemaDocument document) {
        if (!document.root().isJsonObject() || document.root().getAsJsonObject().has("type")) {
            return document;
        }
        JsonObject root = document.root().getAsJsonObject().deepCopy();
        root.addProperty("type", "object");
        return new SchemaDocument(root);
    }

    /** Texts that a regular expression matches as a whole. */
    public static Grammar regex(String expression) {
        return new Grammar((json, utf8) -> regex(json.exprs(), utf8, expression));
    }

    private static Expr regex(Exprs exprs, Utf8 utf8, String expression) {
        Expr expr = RegexParser.parse(exprs, utf8::expr, exprs.empty, "the regular expression", expression);
        if (expr == exprs.nothing || expr == exprs.empty) {
            throw new GrammarException("the regular expression must match some text: " + expression);
        }
        return expr;
    }

    /** One of some texts. */
    public static Grammar choice(List<String> texts) {
        List<String> all = List.copyOf(texts);
        return new Grammar((json, utf8) -> Prefixes.texts(json.exprs(), all));
    }

    /** One text. */
    public static Grammar literal(String text) {
        return new Grammar((json, utf8) -> json.exprs().literal(text));
    }

    /** A text of each grammar, one after the other. */
    public static Grammar sequence(Grammar... parts) {
        List<Grammar> all = List.of(parts);
        return new Grammar((json, utf8) -> json.exprs()
                .sequence(all.stream().map(part -> part.expr(json, utf8)).toArray(Expr[]::new)));
    }

    /** A text of any one of several grammars. */
    public static Grammar anyOf(List<Grammar> ways) {
        List<Grammar> all = List.copyOf(ways);
        return new Grammar((json, utf8) -> json.exprs()
                .choice(all.stream().map(way -> way.expr(json, utf8)).toList()));
    }

    /** The same texts; messages of exceptions begin with a name. */
    public Grammar named(String name) {
        return new Grammar((json, utf8) -> {
            try {
                return expr(json, utf8);
            } catch (GrammarException e) {
                throw new GrammarException(name + ": " + e.getMessage());
            }
        });
    }

    /** The texts as an expression over UTF-8 bytes. */
    Expr expr(JsonText json, Utf8 utf8) {
        return source.compile(json, utf8);
    }

    /**
     * Compiles the grammar for a vocabulary. Compiling recurses as deeply as the grammar is nested, so the thread should have a
     * deep stack.
     *
     * @param meter is charged for the work, and ends it by throwing
     * @param mostBytes the memory above which automaton states are dropped, to be computed again when needed
     * @throws GrammarException if the grammar is malformed or not supported
     */
    public CompiledGrammar compile(Vocabulary vocabulary, Meter meter, long mostBytes) {
        try {
            Exprs exprs = new Exprs(meter);
            Utf8 utf8 = new Utf8(exprs);
            JsonText json = new JsonText(exprs, utf8);
            return new CompiledGrammar(vocabulary, exprs, expr(json, utf8), json.character, mostBytes);
        } catch (StackOverflowError e) {
            throw new GrammarException("the format is nested too deeply; write it flatter");
        }
    }
}
