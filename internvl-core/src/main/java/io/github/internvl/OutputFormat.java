package io.github.internvl;

import java.util.List;
import java.util.Optional;

/**
 * A format that answers must keep: JSON, a JSON Schema, a regular expression or a choice of texts. Immutable and thread-safe.
 *
 * <p>Decoding is constrained: each step allows only the tokens with which the answer can still become valid. A complete
 * answer is therefore valid by construction. An answer that is cut may not be: by {@code maxNewTokens} or the context ({@link
 * ChatResponse.FinishReason#LENGTH}), by the rule on loops, by its token listener, or by closing its stream. The prompt does
 * not mention the format, so the question should ask for it and name the keys.
 *
 * <p>JSON is written compact, with at most one space after a colon and a comma, and no other white space outside of strings;
 * properties come in the order of the schema. The text is taken as it is: it is not stripped, and spaces are not cleaned up.
 */
public final class OutputFormat {
    /** The kinds of formats. */
    public enum Kind {
        /** Free text. */
        TEXT,
        /** Any JSON object. */
        JSON,
        /** JSON that a schema allows. */
        JSON_SCHEMA,
        /** Text that a regular expression matches as a whole. */
        REGEX,
        /** One of some texts. */
        CHOICE,
        /** A call of one of some tools; where the choice leaves it open, that or the {@linkplain #alternative format} of the request. */
        TOOL_CALL
    }

    private static final OutputFormat TEXT = new OutputFormat(Kind.TEXT, List.of());
    private static final OutputFormat JSON = new OutputFormat(Kind.JSON, List.of());

    private final Kind kind;
    private final List<String> texts;
    private final Optional<OutputFormat> alternative;

    private OutputFormat(Kind kind, List<String> texts) {
        this(kind, texts, Optional.empty());
    }

    private OutputFormat(Kind kind, List<String> texts, Optional<OutputFormat> alternative) {
        this.kind = kind;
        this.texts = List.copyOf(texts);
        this.alternative = alternative;
    }

    /** Free text, the default. */
    public static OutputFormat text() {
        return TEXT;
    }

    /** Any JSON object. A key may come twice in it. */
    public static OutputFormat json() {
        return JSON;
    }

    /**
     * JSON that a schema allows (draft 2020-12, and what the earlier ones call by other names).
     *
     * <p>Supported are {@code type}, {@code enum}, {@code const}, {@code $ref} within the schema, recursion too, {@code anyOf},
     * {@code oneOf} where types, constants, a constant property or the names of closed objects tell its alternatives apart,
     * {@code allOf}; {@code properties},
     * {@code required}, {@code additionalProperties}; {@code items}, {@code prefixItems}, {@code minItems}, {@code maxItems};
     * {@code minLength}, {@code maxLength}, {@code pattern} (a search, as the standard has it: write {@code ^} and {@code $}),
     * {@code format} date, time, date-time, duration, uuid, email, hostname, ipv4 and uri; {@code minimum}, {@code maximum} and
     * their exclusive kin. Words that only describe are passed over; all others are refused, so that no answer is less than
     * its schema asks for. Answers keep to a part of what the schema allows: properties that it does not name come only where
     * {@code additionalProperties} is true or a schema, or where it names none, and a key of those may come twice; all of
     * {@code prefixItems} come. An alternative of {@code anyOf} or {@code oneOf} that is not supported does not come where
     * another one is left. Limits that no number reaches forbid nothing; others hold to 60 digits.
     *
     * @param schema the schema as JSON; a request with one that is not supported is refused with the place and the reason
     */
    public static OutputFormat jsonSchema(String schema) {
        return new OutputFormat(Kind.JSON_SCHEMA, List.of(schema));
    }

    /**
     * Text that a regular expression matches as a whole: the common part of ECMA-262 and {@code java.util.regex}, except
     * backreferences, lookaround, word boundaries and flags, which are rejected.
     */
    public static OutputFormat regex(String expression) {
        return new OutputFormat(Kind.REGEX, List.of(expression));
    }

    /** One of some texts, none of them empty. */
    public static OutputFormat choice(String... texts) {
        if (texts.length == 0 || List.of(texts).contains("")) {
            throw new InvalidRequestException("a choice needs texts, none of them empty: " + List.of(texts));
        }
        return new OutputFormat(Kind.CHOICE, List.of(texts));
    }

    /** A call of one of some tools. */
    static OutputFormat call(List<Tool> tools) {
        return new OutputFormat(
                Kind.TOOL_CALL,
                tools.stream()
                        .flatMap(tool -> List.of(tool.name(), tool.parameters()).stream())
                        .toList());
    }

    /** A call of one of some tools, or this format. */
    OutputFormat orCall(List<Tool> tools) {
        return new OutputFormat(Kind.TOOL_CALL, call(tools).texts, Optional.of(this));
    }

    /** The kind of the format. */
    public Kind kind() {
        return kind;
    }

    /** The parts of the format: the schema, the expression, the texts, or tool names and parameters, alternating. */
    public List<String> texts() {
        return texts;
    }

    /** The format that an answer may keep in place of a tool call; empty where there is no choice. */
    public Optional<OutputFormat> alternative() {
        return alternative;
    }

    /** Whether answers are free. */
    public boolean isText() {
        return kind == Kind.TEXT;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OutputFormat format
                && kind == format.kind
                && texts.equals(format.texts)
                && alternative.equals(format.alternative);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * kind.hashCode() + texts.hashCode()) + alternative.hashCode();
    }

    @Override
    public String toString() {
        return "OutputFormat[" + kind + (texts.isEmpty() ? "" : " " + texts)
                + alternative.map(format -> " or " + format).orElse("") + "]";
    }
}
