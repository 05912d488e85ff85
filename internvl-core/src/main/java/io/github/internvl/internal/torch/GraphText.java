package io.github.internvl.internal.torch;

import static java.util.Map.entry;
import static java.util.stream.Collectors.toCollection;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The packer of graph text. The files among the resources are plain PyTorch. TorchScript archives hold another dialect,
 * which has no imports: every class and function has its full name ({@code __torch__.layers.rotate}), {@code self} has a
 * type, a number format is a number, and a module says which parameters it has: graphs have none. Strings and comments stay as they are.
 */
final class GraphText {
    private static final Pattern IMPORT = Pattern.compile("(?m)^import (\\w+)\n");
    private static final Pattern IMPORTS = Pattern.compile("\n(?:import \\w+\n)+");
    private static final Pattern DEFINITION = Pattern.compile("(?m)^(?:class|def) (\\w+)");
    private static final Pattern LIST = Pattern.compile("(?m)^    (\\w+) : List\\[");
    private static final String GRAPH = "class Graph(torch.nn.Module):\n";
    private static final String PACKED_GRAPH = """
            class Graph(Module):
                __parameters__ = []
                __buffers__ = []
                training : bool
            """;
    private static final Pattern TOKEN = Pattern.compile(
            "\"[^\"\n]*\"|#.*"
                    + "|class (?<type>\\w+)|def \\w+(?<self>\\(self(?=[,)]))?|(?<![\\w.])(?<name>[A-Za-z_][\\w.]*)(?<call>\\()?");

    private static final Map<String, String> NAMES = Map.ofEntries(
            entry("torch.uint8", "0"),
            entry("torch.int8", "1"),
            entry("torch.int32", "3"),
            entry("torch.int64", "4"),
            entry("torch.float16", "5"),
            entry("torch.float32", "6"),
            entry("torch.float64", "7"),
            entry("torch.bfloat16", "15"),
            entry("torch.float8_e4m3fn", "24"),
            entry("torch.dtype", "int"),
            entry("torch.device", "Device"), // the type; a call of that name stays
            entry("torch.inf", "inf"),
            entry("torch.jit.annotate(", "annotate("));

    private final String prefix;
    private final Set<String> files;
    private final Set<String> own;
    private String self = "";

    private GraphText(String text, String name) {
        this.prefix = "__torch__." + name + ".";
        this.files = imports(text);
        this.own = names(DEFINITION, text);
    }

    private static Set<String> names(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(found -> found.group(1)).collect(toCollection(LinkedHashSet::new));
    }

    /** The names of the graph files that a text imports. */
    static Set<String> imports(String text) {
        return names(IMPORT, text);
    }

    /** The names of the list attributes of the class {@code Graph}, which is the last one of its file. */
    static Set<String> lists(String text) {
        return names(LIST, text.substring(text.indexOf(GRAPH)));
    }

    /**
     * Packs one file.
     *
     * @param name the name that other files import it by
     */
    static String pack(String text, String name) {
        GraphText packer = new GraphText(text, name);
        String code = IMPORTS.matcher(text).replaceFirst("").replace(GRAPH, PACKED_GRAPH);
        return TOKEN.matcher(code).replaceAll(token -> Matcher.quoteReplacement(packer.token(token)));
    }

    private String token(MatchResult token) {
        String text = token.group();
        if (token.group(1) != null) {
            self = ": " + prefix + token.group(1);
            return text;
        }
        if (token.group(2) != null) {
            return text + self;
        }
        return token.group(3) == null ? text : name(text, token.group(3));
    }

    /** The full name of what the code names; with a bracket behind it, it is called. */
    private String name(String text, String name) {
        boolean called = !text.equals(name);
        int dot = name.indexOf('.');
        boolean imported = dot > 0 && files.contains(name.substring(0, dot));
        if (imported || name.startsWith("torch.classes.")) {
            return "__torch__." + text;
        }
        if (own.contains(name) && (called || Character.isUpperCase(name.charAt(0)))) {
            return prefix + text; // a variable may have the name of a function
        }
        if (name.startsWith("torch.ops.")) {
            return text.substring("torch.".length());
        }
        return NAMES.getOrDefault(text, text);
    }
}
