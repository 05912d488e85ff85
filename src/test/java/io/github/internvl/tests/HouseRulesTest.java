package io.github.internvl.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The sizes that CONTRIBUTING.md promises, counted in the sources. */
class HouseRulesTest {
    private static final int FILE_LINES = 450;
    private static final int METHOD_LINES = 60;
    private static final int FIRST_PAGE_BYTES = 10 << 10;

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
