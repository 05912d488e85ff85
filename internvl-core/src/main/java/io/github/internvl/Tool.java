package io.github.internvl;

import com.google.gson.FormattingStyle;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A function that the model may ask to be called. The system message describes it, as Qwen2.5's own chat template does.
 * InternVL was not trained on tools, so try whether it calls one where it should. Immutable.
 *
 * @param name letters, digits, underscores, hyphens and dots, at most 64
 * @param description the purpose and the time to call it, in words for the model; may be empty
 * @param parameters a JSON schema of its arguments, which are an object
 */
public record Tool(String name, String description, String parameters) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

    /** Checks name and parameters; throws {@link InvalidRequestException} if the latter are not JSON, or not of an object. */
    public Tool {
        if (!NAME.matcher(name).matches()) {
            throw new InvalidRequestException(
                    "a tool's name must be 1 to 64 letters, digits, underscores, hyphens and dots: " + name);
        }
        JsonElement schema;
        try {
            schema = JsonParser.parseString(parameters);
        } catch (JsonParseException e) {
            throw new InvalidRequestException(
                    "the parameters of the tool " + name + " must be JSON: " + e.getMessage());
        }
        boolean ofObject = schema.isJsonObject()
                && (!schema.getAsJsonObject().has("type")
                        || schema.getAsJsonObject().get("type").equals(new JsonPrimitive("object")));
        if (!ofObject) {
            throw new InvalidRequestException(
                    "the parameters of the tool " + name + " must be a JSON schema of an object: " + parameters);
        }
    }

    /** A tool without parameters. */
    public Tool(String name, String description) {
        this(name, description, "{\"type\": \"object\", \"properties\": {}}");
    }

    /**
     * A call that the model asks for. Its arguments keep the schema where the choice requires a call, or where the request has a
     * format. Immutable.
     *
     * @param id the name of the call for its {@linkplain Message.ToolResult result}: {@code call_0} and so on, unique in one answer
     * @param name the tool
     * @param arguments a JSON object
     */
    public record Call(String id, String name, String arguments) {
        /** The text before a call in an answer. */
        public static final String START = "<tool_call>";

        /** The text after a call. */
        public static final String END = "</tool_call>";

        private static final Gson JSON = new GsonBuilder()
                .setFormattingStyle(FormattingStyle.COMPACT.withSpaceAfterSeparators(true))
                .disableHtmlEscaping()
                .serializeNulls()
                .create();

        /** The calls in the text of an answer, in their order; other text is passed over. */
        static List<Call> in(String text) {
            List<Call> calls = new ArrayList<>();
            int start = text.indexOf(START);
            while (start >= 0) {
                int from = start + START.length();
                int end = text.indexOf(END, from);
                Call call = null;
                while (call == null && end >= 0) {
                    call = call("call_" + calls.size(), text.substring(from, end));
                    from = call == null ? from : end;
                    end = text.indexOf(END, end + 1); // the end may also be a part of an argument
                }
                if (call != null) {
                    calls.add(call);
                }
                start = text.indexOf(START, from);
            }
            return List.copyOf(calls);
        }

        private static @Nullable Call call(String id, String text) {
            try {
                return JsonParser.parseString(text) instanceof JsonObject call
                                && call.get("name") instanceof JsonPrimitive name
                                && call.get("arguments") instanceof JsonObject arguments
                        ? new Call(id, name.getAsString(), JSON.toJson(arguments))
                        : null;
            } catch (JsonParseException e) {
                return null; // a call that is no JSON is none
            }
        }
    }

    /** The rule for calling tools. Immutable. */
    public static final class Choice {
        private enum Kind {
            AUTO,
            NONE,
            FORCED
        }

        private static final Choice AUTO = new Choice(Kind.AUTO, Optional.empty());
        private static final Choice NONE = new Choice(Kind.NONE, Optional.empty());
        private static final Choice REQUIRED = new Choice(Kind.FORCED, Optional.empty());

        private final Kind kind;
        private final Optional<String> tool;

        private Choice(Kind kind, Optional<String> tool) {
            this.kind = kind;
            this.tool = tool;
        }

        /** The model decides: text, or one or more calls of any arguments; with a format, an answer of it or one call that keeps its schema. */
        public static Choice auto() {
            return AUTO;
        }

        /** No call: the prompt mentions no tool. */
        public static Choice none() {
            return NONE;
        }

        /** One call of one of the tools and nothing else, with arguments that its parameters allow, by construction. */
        public static Choice required() {
            return REQUIRED;
        }

        /** One call of this tool and nothing else, with arguments that its parameters allow, by construction. */
        public static Choice named(String tool) {
            return new Choice(Kind.FORCED, Optional.of(tool));
        }

        /** Whether the prompt may mention tools. */
        public boolean isAllowed() {
            return kind != Kind.NONE;
        }

        /** Whether there must be a call. */
        public boolean isForced() {
            return kind == Kind.FORCED;
        }

        /** The format of an answer: a call of the tools that it leaves if there must be one, else its own, or either. */
        OutputFormat format(List<Tool> tools, OutputFormat own) {
            if (kind == Kind.FORCED) {
                return OutputFormat.call(tools.stream()
                        .filter(one -> tool.orElse(one.name()).equals(one.name()))
                        .toList());
            }
            return own.isText() || tools.isEmpty() || kind == Kind.NONE ? own : own.orCall(tools);
        }

        /** The tool that must be called, if a specific one is required. */
        public Optional<String> tool() {
            return tool;
        }

        @Override
        public String toString() {
            return tool.orElse(kind == Kind.FORCED ? "required" : kind == Kind.AUTO ? "auto" : "none");
        }
    }
}
