package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class OptionNamesTest {
    /** The libraries whose messages the command prints. */
    private static final List<String> LIBRARIES = List.of(
            "internvl-core",
            "internvl-vision",
            "internvl-video",
            "internvl-web",
            "internvl-hub",
            "internvl-server",
            "internvl-grammar",
            "internvl-tokenizer");

    /** A name of Java in a message: {@code maxTiles}, {@code Builder.timeout} or {@code call()}. */
    private static final Pattern JAVA_NAME = Pattern.compile(
            "(?<![\\w./\\\\\"'<-])(?:[a-z]+[A-Z]\\w*|[A-Z]\\w+(?:\\.[a-zA-Z]\\w*)+|[\\w.]+\\(\\w*\\))(?![\\w/\\\\\"'>])");

    /** Names in messages that are no names of Java: keywords of JSON Schema, and a system. */
    private static final Set<String> FOREIGN = Set.of(
            "additionalProperties",
            "anyOf",
            "maxProperties",
            "minItems",
            "minLength",
            "minProperties",
            "prefixItems",
            "macOS");

    /** Settings that no option of the command sets, so that their messages do not reach it. */
    private static final Set<String> UNSET = Set.of(
            "framesPerSecond",
            "ignoreEnd",
            "kvCachePrecision",
            "lengthPenalty",
            "logitBias",
            "maxBytes",
            "maxFramePixels",
            "maxMediaBytes",
            "maxPixels",
            "maxRedirects",
            "maxWaiting",
            "minTiles",
            "stopIds",
            "stopLoops",
            "tileSize",
            "tokenListener",
            "typicalP",
            "visualCacheBytes");

    /** Beginnings of messages about calls that the command does not make. */
    private static final List<String> UNCALLED = List.of(
            "a question of a conversation must have no history",
            "only DeviceMap.auto() chooses devices",
            "a request needs a text",
            "a callback on the engine's thread must not wait");

    /** Sources whose messages do not reach a command: it runs no server, or asks nothing. */
    private static final Map<String, List<String>> ELSEWHERE = Map.of(
            "chat", List.of("internvl-server"),
            "serve", List.of("SettingsCheck", "GenerationConfig", "/Video"),
            "bench", List.of("internvl-server", "SettingsCheck", "GenerationConfig", "/Video"),
            "info", List.of("internvl-server", "SettingsCheck", "GenerationConfig", "/Video"),
            "download",
                    List.of("internvl-server", "internvl-core", "internvl-vision", "internvl-video", "internvl-web"),
            "convert", List.of("internvl-server", "SettingsCheck", "GenerationConfig", "/Video"),
            "export-graph", List.of("internvl-server", "SettingsCheck", "GenerationConfig", "/Video"));

    private static OptionNames names(String command) {
        Terminal terminal = new Terminal(
                new BufferedReader(Reader.nullReader()),
                new PrintWriter(new StringWriter()),
                new PrintWriter(new StringWriter()),
                false);
        CommandLine sub = Main.commandLine(terminal).getSubcommands().get(command);
        return OptionNames.of(Objects.requireNonNull(sub).getCommandSpec());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "chat  | topP must be 0..1: 1.5 | --top-p must be 0..1: 1.5",
                "chat  | temperature must be above 0 | --temperature must be above 0",
                "chat  | lower maxTiles, or load the model with a longer contextLength | lower --max-tiles, or start with a longer --context-length",
                "chat  | a smaller maxConcurrent or no staticSlots | a smaller number of requests computed together or --no-static-slots",
                "chat  | take 7 MB; staticSlots(false) turns them off | take 7 MB; --no-static-slots turns them off",
                "info  | set staticSlots(false) | set no static slots",
                "serve | load the model with maxConcurrent(4) or more | start with --max-concurrent 4 or more",
                "serve | port must be 0..65535: 70000 | --port must be 0..65535: 70000",
                "info  | options: DeviceMap.auto().offloadToCpu(), a smaller model, or device cpu | options: --offload, a smaller model, or the CPU",
                "chat  | options: DeviceMap.auto().offloadToCpu(), a smaller model, or device cpu | options: a smaller model, or --device cpu",
                "chat  | /home/me/maxTiles.png: no such file | /home/me/maxTiles.png: no such file",
                "chat  | the file \"maxTiles\" | the file \"maxTiles\"",
            })
    void namesOptionsAndLeavesFilesAlone(String command, String message, String translated) {
        assertThat(names(command.strip()).translate(message)).isEqualTo(translated);
    }

    @ParameterizedTest
    @ValueSource(strings = {"chat", "serve", "bench", "info", "download", "convert", "export-graph"})
    void leavesNoNameOfJavaInAnyMessageThatReachesTheCommand(String command) throws IOException {
        OptionNames names = names(command);
        List<String> messages = messages(ELSEWHERE.getOrDefault(command, List.of()));
        assertThat(messages).hasSizeGreaterThan(50);
        List<String> left = new ArrayList<>();
        for (String message : messages) {
            String translated = names.translate(message);
            Matcher found = JAVA_NAME.matcher(translated);
            while (found.find()) {
                if (!FOREIGN.contains(found.group()) && !UNSET.contains(found.group())) {
                    left.add(found.group() + " in: " + translated);
                }
            }
        }
        assertThat(left).isEmpty();
    }

    /** All sentences of the libraries' sources, with 7 in place of values. */
    private static List<String> messages(List<String> elsewhere) throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String library : LIBRARIES) {
            try (Stream<Path> files = Files.walk(Path.of("..", library, "src/main/java"))) {
                files.filter(file -> file.toString().endsWith(".java"))
                        .filter(file -> elsewhere.stream().noneMatch(file.toString()::contains))
                        .forEach(sources::add);
            }
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(sources));
            List<String> found = new ArrayList<>();
            for (Tree unit : task.parse()) {
                new Sentences().scan(unit, found);
            }
            return found;
        }
    }

    /** Collects texts, those that are put together as a whole, which have the words of a sentence. */
    private static final class Sentences extends TreeScanner<@Nullable Void, List<String>> {
        @Override
        public @Nullable Void visitBinary(BinaryTree sum, List<String> found) {
            add(text(sum), found);
            return null;
        }

        @Override
        public @Nullable Void visitLiteral(LiteralTree literal, List<String> found) {
            add(text(literal), found);
            return null;
        }

        private static void add(String text, List<String> found) {
            boolean sentence = text.chars().filter(c -> c == ' ').count() > 2 && !text.contains("\n");
            if (sentence && UNCALLED.stream().noneMatch(text::startsWith)) {
                found.add(text);
            }
        }

        private static String text(ExpressionTree part) {
            if (part instanceof BinaryTree sum && sum.getKind() == Tree.Kind.PLUS) {
                return text(sum.getLeftOperand()) + text(sum.getRightOperand());
            }
            if (part instanceof ParenthesizedTree inner) {
                return text(inner.getExpression());
            }
            return part instanceof LiteralTree literal && literal.getValue() instanceof String text ? text : "7";
        }
    }

    @Test
    void reachesTheLinesOfAConversation() {
        CommandRun run = CommandRun.typing("x ".repeat(400) + "\n/exit\n", TinyModel.chat("--context-length", "256"));
        assertThat(run.err())
                .contains(
                        "the prompt must be shorter than the context of 256 tokens", "--max-tiles", "--context-length")
                .doesNotContain("maxTiles", "contextLength");
    }
}
