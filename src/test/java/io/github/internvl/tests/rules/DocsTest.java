package io.github.internvl.tests.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.internvl.fixtures.Checkout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Holds the documents to the sources. A java or kotlin block repeats a region of the examples between {@code // tag::name[]}
 * and {@code // end::name[]}, which is compiled and run there; a relative link leads to a file, and the name of a test to a test.
 */
class DocsTest {
    private static final Path README = Checkout.ROOT.resolve("README.md");

    private static final List<Path> DOCUMENTS = Checkout.files("", ".md");

    private static final Pattern BLOCK = Pattern.compile("(?ms)^( *)```(?:java|kotlin) *\n(.*?)^\\1``` *$");
    private static final Pattern REGION = Pattern.compile("(?ms)^ *// tag::([\\w-]+)\\[]\n(.*?)^ *// end::\\1\\[] *$");
    private static final Pattern MARKER = Pattern.compile("(?m)^ *// (tag|end)::[\\w-]+\\[] *\n");
    private static final Pattern CODE = Pattern.compile("(?s)```.*?```|`[^`\n]*`");
    private static final Pattern TEST = Pattern.compile("`([A-Z]\\w+Test)`");
    private static final Pattern LINK = Pattern.compile("]\\((?![a-z]+:|#)([^)#\\s]+)[^)]*\\)");

    private static final Pattern CHARTED = Pattern.compile("<text x=\"[0-9.]+\" y=\"[0-9]+\">([0-9.]+)</text>");

    @Test
    void showsOnlyCodeThatTheExamplesRun() {
        List<String> regions =
                examples().flatMap(file -> regions(Checkout.read(file))).toList();
        assertThat(DOCUMENTS)
                .allSatisfy(document -> assertThat(regions)
                        .as("%s: each block of code repeats a tagged region of the examples", Checkout.name(document))
                        .containsAll(blocks(Checkout.read(document))));
    }

    @Test
    void closesEveryRegionOfTheExamples() {
        assertThat(examples())
                .allSatisfy(file -> assertThat(
                                MARKER.matcher(Checkout.read(file)).results().count())
                        .as("tag and end lines of %s", Checkout.name(file))
                        .isEqualTo(2 * regions(Checkout.read(file)).count()));
    }

    @Test
    void linksToFilesThatExist() {
        assertThat(DOCUMENTS)
                .allSatisfy(document -> assertThat(links(document))
                        .as(Checkout.name(document))
                        .allSatisfy(target -> assertThat(target).exists()));
    }

    @Test
    void namesTestsThatExist() {
        List<String> classes = Checkout.files("", ".java").stream()
                .map(file -> file.getFileName().toString().replace(".java", ""))
                .toList();
        assertThat(DOCUMENTS)
                .allSatisfy(document -> assertThat(
                                TEST.matcher(Checkout.read(document)).results().map(name -> name.group(1)))
                        .as("tests named in %s", Checkout.name(document))
                        .isSubsetOf(classes));
    }

    @Test
    void leavesNoPlaceToFillIn() {
        assertThat(DOCUMENTS)
                .allSatisfy(document -> assertThat(Checkout.read(document))
                        .as(Checkout.name(document))
                        .doesNotContain("@@"));
    }

    @Test
    void showsCodeOnTheFirstPage() {
        assumeTrue(Files.exists(README));
        assertThat(blocks(Checkout.read(README))).isNotEmpty();
    }

    @Test
    void drawsTheChartFromTheTable() {
        String page = Checkout.read(Checkout.ROOT.resolve("docs/performance.md"));
        String table =
                page.substring(page.indexOf("| times as fast | all pairs |")).split("\n\n", 2)[0];
        List<String> rows = table.lines().skip(2).toList();
        List<String> medians =
                rows.stream().map(row -> row.split("\\|", -1)[4].strip()).toList();
        String chart = Checkout.read(Checkout.ROOT.resolve("docs/images/performance.svg"));
        assertThat(rows).hasSizeGreaterThan(5);
        assertThat(CHARTED.matcher(chart).results().map(label -> label.group(1)).filter(medians::contains))
                .as("the chart has the table's medians; src/test/python/performance_chart.py draws it anew")
                .containsExactlyElementsOf(medians);
    }

    private static Stream<Path> examples() {
        return Stream.of(".java", ".kt")
                .flatMap(end -> Checkout.files("", end).stream())
                .filter(file -> Checkout.name(file).startsWith("internvl-examples"));
    }

    private static Stream<String> regions(String source) {
        return REGION.matcher(source).results().map(region -> withoutIndent(region.group(2)));
    }

    private static List<String> blocks(String document) {
        return BLOCK.matcher(document)
                .results()
                .map(block -> withoutIndent(block.group(2)))
                .toList();
    }

    private static List<Path> links(Path document) {
        String prose = CODE.matcher(Checkout.read(document)).replaceAll("");
        return LINK.matcher(prose)
                .results()
                .map(link -> document.resolveSibling(link.group(1)))
                .toList();
    }

    private static String withoutIndent(String code) {
        return code.stripTrailing().stripIndent();
    }
}
