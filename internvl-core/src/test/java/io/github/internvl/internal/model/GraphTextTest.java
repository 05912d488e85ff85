package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rules for graph text, among them those for a GPU, which no test here can run on. */
class GraphTextTest {
    private static final Path GRAPHS = Path.of("src/main/resources/io/github/internvl/graph");
    private static final Pattern FACTORY = Pattern.compile("torch\\.(arange|empty|ones|zeros|full|tensor)\\(");
    private static final Pattern DIALECT =
            Pattern.compile("__torch__|\\(self:|dtype=\\d|\\.to\\(\\d|: Device|(?<![\\w.])(ops\\.|annotate\\()");
    private static final Pattern WAIT = Pattern.compile("\\.(item|tolist|nonzero|cpu)\\(|\\bprint\\(");

    static List<Path> graphs() throws IOException {
        try (Stream<Path> files = Files.list(GRAPHS)) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("graphs")
    void makesNewTensorsOnTheModelsDevice(Path graph) throws IOException {
        String text = Files.readString(graph);
        Matcher made = FACTORY.matcher(text);
        while (made.find()) {
            String call = text.substring(made.start(), end(text, made.end()));
            assertThat(call).as("%s at %s", graph.getFileName(), made.start()).contains("device=");
        }
    }

    @ParameterizedTest
    @MethodSource("graphs")
    void neverWaitsForTheDevice(Path graph) throws IOException {
        assertThat(Files.readAllLines(graph))
                .filteredOn(line -> WAIT.matcher(line).find())
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("graphs")
    void readsAsPlainPyTorch(Path graph) throws IOException {
        assertThat(Files.readAllLines(graph))
                .filteredOn(line -> DIALECT.matcher(line).find())
                .isEmpty();
    }

    /** One past the bracket that closes the call whose arguments begin at {@code from}. */
    private static int end(String text, int from) {
        int depth = 1;
        int at = from;
        while (depth > 0) {
            char c = text.charAt(at++);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        }
        return at;
    }
}
