package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("any-jdk")
class BenchCommandTest {
    @TempDir
    private Path folder;

    private Path picture = Path.of("");

    @BeforeEach
    void drawAPicture() throws IOException {
        picture = Files.write(folder.resolve("photo.jpg"), PreprocessBench.photo(90, 60));
    }

    private CommandRun bench(String... options) {
        String[] args = {"bench", "--runs", "2", "--picture", picture.toString(), TinyModel.FOLDER.toString()};
        return CommandRun.of(Stream.of(args, options).flatMap(Stream::of).toArray(String[]::new));
    }

    private static List<JsonObject> figures(CommandRun run) {
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.out()
                .lines()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
    }

    @Test
    void measuresAModelUnderTheNamesThatPeersUse() {
        List<JsonObject> figures = figures(bench("--json", "--precision", "float32"));
        assertThat(figures)
                .extracting(figure -> figure.get("figure").getAsString())
                .containsExactly(
                        "image_decode",
                        "image_resize_tiles",
                        "image_total",
                        "tokenizer_encode",
                        "tokenizer_encode_400_chars",
                        "tokenizer_decode",
                        "load",
                        "read_bandwidth",
                        "gemm",
                        "vision_1tile",
                        "vision_7tiles",
                        "prefill_300",
                        "prefill_2000",
                        "decode_300",
                        "decode_2000",
                        "decode_300_x8",
                        "generate_1tile_300_64");
        assertThat(figures).allSatisfy(figure -> {
            assertThat(figure.get("peer").getAsString()).isEqualTo("ours");
            assertThat(figure.get("best").getAsDouble()).isPositive();
            int runs = List.of("load", "read_bandwidth", "gemm")
                            .contains(figure.get("figure").getAsString())
                    ? 1
                    : 2;
            assertThat(figure.getAsJsonArray("runs")).hasSize(runs);
        });
        assertThat(figures.get(11).get("dtype").getAsString()).isEqualTo("float32");
    }

    @Test
    void leavesTheModelAloneWhereOnlyPreprocessingIsWanted() {
        CommandRun run = bench("--preprocess", "--figures", "image_total,tokenizer_encode,load");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines())
                .hasSize(3)
                .anyMatch(line -> line.matches("image_total +[0-9.,]+ +[0-9.,]+  ms +2"))
                .anyMatch(line -> line.matches("tokenizer_encode +[0-9.,]+ +[0-9.,]+  chars/s +2"));
    }

    @Test
    void wantsAtLeastOneRun() {
        CommandRun run = CommandRun.of("bench", "--runs", "0", TinyModel.FOLDER.toString());
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("--runs");
    }

    @Test
    void takesAFolderOrAnId() {
        CommandRun run = CommandRun.of("bench", "--preprocess", "InternVL2_5-1B/");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("InternVL2_5-1B/: no such folder, and no hub id either");
    }

    @Test
    void namesTheFiguresThatThereAre() {
        CommandRun run = bench("--figures", "decode_400");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("decode_400").contains("decode_300,");
    }

    @Test
    void comparesWithAnotherProgramInTurns() throws IOException {
        Path calls = folder.resolve("calls");
        String command = "echo loading; echo x >> '" + calls + "'; echo '{\"figure\":\"decode_300\",\"best\":0.001}'";
        CommandRun run = bench("--json", "--figures", "decode_300,prefill_300", "--compare", command);
        assertThat(figures(run)).singleElement().satisfies(figure -> {
            assertThat(figure.get("figure").getAsString()).isEqualTo("decode_300");
            assertThat(figure.getAsJsonArray("ratios"))
                    .hasSize(2)
                    .allSatisfy(ratio -> assertThat(ratio.getAsDouble())
                            .as("tokens per second of ours by 0.001")
                            .isGreaterThan(1000));
            assertThat(figure.get("ours").getAsJsonArray()).hasSize(2);
        });
        assertThat(calls).content().hasLineCount(2);
    }

    @Test
    void wantsResultsFromTheOtherProgram() {
        CommandRun run = bench("--figures", "decode_300", "--compare", "echo nothing");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("--compare").contains("printed 0 and exited with 0");
    }

    @Test
    void countsATimeAsFastByItsReciprocal() {
        Comparison comparison = new Comparison("echo '{\"figure\":\"vision_1tile\",\"best\":3.0}'");
        List<String> lines = new ArrayList<>();
        try {
            for (double seconds : new double[] {1.0, 2.0, 1.5}) {
                comparison.own(new BenchResult("vision_1tile", "s/tile", List.of(seconds), Map.of()));
                comparison.other();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        comparison.print(false, lines::add);
        assertThat(lines.get(1)).matches("vision_1tile +1.500 +3.000  s/tile +2.00  1.50 … 3.00 +3");
    }

    @Test
    void takesTheMedianBetweenTwoRuns() {
        BenchResult figure = new BenchResult("decode_300", "tok/s", List.of(10.0, 20.0, 12.0, 14.0), Map.of());
        assertThat(figure.median()).isEqualTo(13);
        assertThat(figure.best()).isEqualTo(20);
        assertThat(new BenchResult("load", "s", List.of(3.0, 2.0), Map.of()).best())
                .isEqualTo(2);
    }

    @Test
    void refusesWhatMeansNothingWithAServer() {
        CommandRun run = CommandRun.of("bench", "--server", "http://localhost:1", "--figures", "decode_300");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("--figures cannot be combined with --server");
    }

    @Test
    void measuresStaticSlotsWhereAsked() {
        List<JsonObject> figures =
                figures(bench("--json", "--static-slots", "--context-length", "1024", "--figures", "decode_300_x8"));
        assertThat(figures).last().satisfies(figure -> {
            assertThat(figure.get("figure").getAsString()).isEqualTo("decode_300_x8");
            assertThat(figure.get("slots").getAsString()).isEqualTo("static");
            assertThat(figure.get("threads").getAsInt()).isPositive();
        });
    }

    @Test
    void leavesStaticSlotsOutWhereAsked() {
        List<JsonObject> figures = figures(
                bench("--json", "--no-static-slots", "--context-length", "1024", "--figures", "read_bandwidth"));
        assertThat(figures)
                .last()
                .satisfies(
                        figure -> assertThat(figure.get("slots").getAsString()).isEqualTo("by need"));
    }

    @Test
    void writesAReportWithCharts() throws IOException {
        Path file = folder.resolve("report.html");
        CommandRun run = bench("--preprocess", "--figures", "image_total,tokenizer_encode", "--html", file.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).contains("image_total", "tokenizer_encode");
        assertThat(run.err()).isEqualTo("internvl: the report is in " + file + "\n");
        String report = Files.readString(file);
        assertThat(report)
                .startsWith("<!doctype html>")
                .contains("<svg", "image_total", "tokenizer_encode", "longer is better", "shorter is better")
                .doesNotContain("http:", "https:", "<script", "@import", "url(");
        assertThat(Pattern.compile("<circle class=\"run\"").matcher(report).results())
                .as("two runs of each figure")
                .hasSize(4);
    }

    @Test
    void drawsBarsInProportionAndEscapesNames() {
        BenchReport report = new BenchReport();
        report.add(new BenchResult("decode <fast>", "tok/s", List.of(30.0, 10.0, 20.0), Map.of("model", "a&b")));
        report.add(new BenchResult("decode_300", "tok/s", List.of(40.0), Map.of("model", "a&b")));
        report.add(new BenchResult("image_total", "ms", List.of(1.0), Map.of())); // of no model
        String html = report.html(LocalDate.of(2026, 11, 29));
        assertThat(html)
                .contains("<h1>internvl bench: a&amp;b</h1>", "decode &lt;fast&gt;", "2026-11-29")
                .doesNotContain("<fast>");
        List<Double> widths = Pattern.compile("class=\"bar\"[^>]* width=\"([0-9.]+)\"")
                .matcher(html)
                .results()
                .map(found -> Double.parseDouble(found.group(1)))
                .toList();
        assertThat(widths).hasSize(3);
        assertThat(widths.get(0)).isEqualTo(widths.get(1) / 2);
    }

    @Test
    void refusesAReportThatCannotBeWritten() {
        assertThat(bench("--html", "no-such-folder/a.html").err())
                .startsWith("internvl bench: --html must be a file in a folder that exists");
        assertThat(bench("--html", "a.html", "--compare", "true").err()).contains("cannot be combined with --compare");
        assertThat(bench("--tp", "0").err()).startsWith("internvl bench: --tp must be at least 1: 0");
    }
}
