package io.github.internvl;

import java.util.List;

/** The check of a request's tools: their names, the choice among them, and settings that cannot be combined with them. */
final class ToolRules {
    private ToolRules() {}

    static void check(ChatRequest request) {
        List<String> names = request.tools().stream().map(Tool::name).toList();
        ToolChoice choice = request.toolChoice();
        refuse(names.stream().distinct().count() < names.size(), "tools must have different names: " + names);
        refuse(
                choice.isForced() && !names.contains(choice.tool().orElse(names.isEmpty() ? "" : names.get(0))),
                "a tool that must be called must be one of the request's: " + choice + " of " + names);
        refuse(
                choice.isAllowed()
                        && !names.isEmpty()
                        && !request.generation().format().isText(),
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
