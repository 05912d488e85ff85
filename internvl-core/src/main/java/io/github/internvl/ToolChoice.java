package io.github.internvl;

import java.util.Optional;

/** The rule for calling tools. Immutable. */
public final class ToolChoice {
    private enum Kind {
        AUTO,
        NONE,
        FORCED
    }

    private static final ToolChoice AUTO = new ToolChoice(Kind.AUTO, Optional.empty());
    private static final ToolChoice NONE = new ToolChoice(Kind.NONE, Optional.empty());
    private static final ToolChoice REQUIRED = new ToolChoice(Kind.FORCED, Optional.empty());

    private final Kind kind;
    private final Optional<String> tool;

    private ToolChoice(Kind kind, Optional<String> tool) {
        this.kind = kind;
        this.tool = tool;
    }

    /** The model decides: text, or one or more calls; the schema does not constrain the arguments. */
    public static ToolChoice auto() {
        return AUTO;
    }

    /** No call: the prompt mentions no tool. */
    public static ToolChoice none() {
        return NONE;
    }

    /** One call of one of the tools and nothing else, with arguments that its parameters allow, by construction. */
    public static ToolChoice required() {
        return REQUIRED;
    }

    /** One call of this tool and nothing else, with arguments that its parameters allow, by construction. */
    public static ToolChoice named(String tool) {
        return new ToolChoice(Kind.FORCED, Optional.of(tool));
    }

    /** Whether the prompt may mention tools. */
    public boolean isAllowed() {
        return kind != Kind.NONE;
    }

    /** Whether there must be a call. */
    public boolean isForced() {
        return kind == Kind.FORCED;
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
