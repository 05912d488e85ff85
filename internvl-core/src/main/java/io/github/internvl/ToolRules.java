package io.github.internvl;

import java.util.List;

/** Which tools a request is about, and what cannot be combined with them. */
final class ToolRules {
    private ToolRules() {}

    /** The tools that the model is told of. */
    static List<Tool> told(ChatRequest request) {
        return request.toolChoice().isAllowed() ? request.tools() : List.of();
    }

    /** The format of the answer: its own, or that of the required call. */
    static OutputFormat format(ChatRequest request) {
        ToolChoice choice = request.toolChoice();
        return choice.isForced()
                ? OutputFormat.call(request.tools().stream()
                        .filter(tool -> choice.tool().orElse(tool.name()).equals(tool.name()))
                        .toList())
                : request.generation().format();
    }

    static void check(ChatRequest request) {
        List<String> names = request.tools().stream().map(Tool::name).toList();
        ToolChoice choice = request.toolChoice();
        refuse(names.stream().distinct().count() < names.size(), "tools must have different names: " + names);
        refuse(
                choice.isForced() && !names.contains(choice.tool().orElse(names.isEmpty() ? "" : names.get(0))),
                "a tool that must be called must be one of the request's: " + choice + " of " + names);
        refuse(
                !told(request).isEmpty() && !request.generation().format().isText(),
                "tools and a format cannot be combined, as an answer of the format can hold no call; use"
                        + " ToolChoice.none(): " + request.generation().format().kind());
        if (choice.isForced()) {
            SettingsCheck.checkFormat(request.generation());
        }
    }

    private static void refuse(boolean wrong, String message) {
        if (wrong) {
            throw new InvalidRequestException(message);
        }
    }
}
