package io.github.internvl.tests.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import io.github.internvl.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The sizes and the openings of sentences that CONTRIBUTING.md promises, looked for in the sources and the documents. */
class HouseRulesTest {
    private static final int FILE_LINES = 450;
    private static final int METHOD_LINES = 60;
    private static final int FIRST_PAGE_BYTES = 10 << 10;

    private static final Pattern COMMENT = Pattern.compile("(?m)^\\s*(/\\*\\*|\\*|//).*$|// .*$");
    private static final Pattern DOCSTRING = Pattern.compile("(?s)\"\"\"(.*?)\"\"\"");
    private static final Pattern CODE = Pattern.compile("(?s)```.*?```");
    private static final Pattern OPENING =
            Pattern.compile("(?m)(?:^[\\s/*|-]*|[.;:] )(What|Who|Whoever|Those|Nobody) .{0,60}");

    private static final List<Path> JAVA = Checkout.files("", ".java");
    private static final List<Path> PYTHON = Checkout.files("", ".py");

    @Test
    void keepsFilesShort() {
        assertThat(Stream.concat(JAVA.stream(), PYTHON.stream()))
                .isNotEmpty()
                .allSatisfy(file -> assertThat(Checkout.read(file).lines().count())
                        .as("lines of %s", Checkout.name(file))
                        .isLessThanOrEqualTo(FILE_LINES));
    }

    @Test
    void keepsMethodsShort() throws IOException {
        assertThat(methods())
                .isNotEmpty()
                .allSatisfy(method -> assertThat(method.lines())
                        .as("lines of %s", method.name())
                        .isLessThanOrEqualTo(METHOD_LINES));
    }

    @Test
    void indentsWithSpaces() {
        assertThat(Stream.concat(JAVA.stream(), PYTHON.stream()))
                .allSatisfy(file ->
                        assertThat(Checkout.read(file)).as(Checkout.name(file)).doesNotContain("\t"));
    }

    @Test
    void keepsTheFirstPageShort() throws IOException {
        assumeTrue(Files.exists(Checkout.ROOT.resolve("README.md")));
        assertThat(Files.size(Checkout.ROOT.resolve("README.md"))).isLessThanOrEqualTo(FIRST_PAGE_BYTES);
    }

    @Test
    void opensSentencesWithANoun() {
        Stream<String> comments = JAVA.stream().flatMap(file -> openings(file, all(COMMENT, file, 0)));
        Stream<String> docstrings = PYTHON.stream().flatMap(file -> openings(file, all(DOCSTRING, file, 1)));
        Stream<String> documents = Checkout.files("", ".md").stream()
                .flatMap(
                        file -> openings(file, CODE.matcher(Checkout.read(file)).replaceAll("")));
        assertThat(Stream.of(comments, docstrings, documents).flatMap(found -> found))
                .as("sentences that open with What, Who, Whoever, Those or Nobody; name the thing instead")
                .isEmpty();
    }

    private static String all(Pattern pattern, Path file, int group) {
        return pattern.matcher(Checkout.read(file))
                .results()
                .map(found -> found.group(group))
                .collect(Collectors.joining("\n"));
    }

    private static Stream<String> openings(Path file, String text) {
        return OPENING.matcher(text)
                .results()
                .map(opening -> Checkout.name(file) + ": " + opening.group().strip());
    }

    private static List<Method> methods() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(JAVA));
            List<Method> methods = new ArrayList<>();
            for (CompilationUnitTree unit : task.parse()) {
                new MethodScanner(unit, Trees.instance(task).getSourcePositions()).scan(unit, methods);
            }
            return methods;
        }
    }

    private record Method(String name, long lines) {}

    /** Collects methods with their length from the first annotation or modifier to the closing brace. */
    private static final class MethodScanner extends TreeScanner<@Nullable Void, List<Method>> {
        private final CompilationUnitTree unit;
        private final SourcePositions positions;

        MethodScanner(CompilationUnitTree unit, SourcePositions positions) {
            this.unit = unit;
            this.positions = positions;
        }

        @Override
        public @Nullable Void visitMethod(MethodTree method, List<Method> found) {
            LineMap lines = unit.getLineMap();
            long first = lines.getLineNumber(positions.getStartPosition(unit, method));
            long last = lines.getLineNumber(positions.getEndPosition(unit, method));
            String place = Checkout.name(Path.of(unit.getSourceFile().toUri()));
            found.add(new Method(place + ":" + first + " " + method.getName(), last - first + 1));
            return super.visitMethod(method, found);
        }
    }
}
