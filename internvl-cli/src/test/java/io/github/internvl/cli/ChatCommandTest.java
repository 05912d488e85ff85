package io.github.internvl.cli;

import static io.github.internvl.cli.TinyModel.answer;
import static io.github.internvl.cli.TinyModel.chat;
import static io.github.internvl.cli.TinyModel.picture;
import static io.github.internvl.cli.TinyModel.question;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import io.github.internvl.DeviceMap;
import io.github.internvl.vision.Image;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChatCommandTest {
    @Test
    void answersAboutAPictureAsTheReferenceDoes() {
        CommandRun run = CommandRun.of(chat(
                "--image", picture("meadow.png"), "--max-tiles", TinyModel.maxTiles("image1"), question("image1", 0)));
        assertThat(run.out()).isEqualTo(answer("image1", 0) + "\n");
        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void answersAboutSeparatePicturesAsTheReferenceDoes() {
        CommandRun run = CommandRun.of(chat(
                "-i",
                picture("river.png"),
                "-i",
                picture("window.png"),
                "--max-tiles",
                TinyModel.maxTiles("multi_separate"),
                "--pass-order",
                "less_work_first",
                question("multi_separate", 0)));
        assertThat(run.out()).isEqualTo(answer("multi_separate", 0) + "\n");
    }

    @Test
    void putsAPictureFirstWhereTheQuestionHasNoTag() {
        CommandRun run = CommandRun.of(chat("--image", picture("badge.png"), question("image1_auto", 0)));
        assertThat(run.out()).isEqualTo(answer("image1_auto", 0) + "\n");
    }

    @Test
    void fetchesAPictureFromAHostThatIsNamed() throws IOException {
        byte[] bytes = Files.readAllBytes(Path.of(picture("badge.png")));
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/badge", exchange -> {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        try {
            String host = "127.0.0.1:" + server.getAddress().getPort();
            String address = "http://" + host + "/badge";
            CommandRun run = CommandRun.of(chat("--allow-host", host, "-i", address, question("image1_auto", 0)));
            assertThat(run.err()).isEmpty();
            assertThat(run.out()).isEqualTo(answer("image1_auto", 0) + "\n");
            assertThat(CommandRun.of(chat("-i", address, "Where?")).err())
                    .contains("requires its host to be allowed: --allow-host");
            assertThat(CommandRun.of(chat("--allow-host", "localhost", "-i", address, "Where?"))
                            .err())
                    .contains(host + " is not");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void asksAboutTheFramesOfAFolder(@TempDir Path folder) throws IOException {
        CommandRun run = CommandRun.of(chat("--video", frames(folder).toString(), question("video", 0)));
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).isEqualTo(answer("video", 0) + "\n");
    }

    /** The frames of a golden case; its question names them already. */
    private static Path frames(Path folder) throws IOException {
        for (int k = 1; k <= 4; k++) {
            Files.copy(Path.of(picture("frame_" + k + ".png")), folder.resolve("frame_" + k + ".png"));
        }
        return folder;
    }

    @Test
    void asksAboutAVideoFile() {
        String clip = Path.of("../models/samples/clip.mp4").toString();
        CommandRun run = CommandRun.of(TinyModel.args(
                List.of("--model", "../models/internvl-demo", "--precision", "float32"),
                "--video",
                clip,
                "--frames",
                "4",
                "What moves in the video?"));
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).isEqualTo("The red circle moves.\n");
        CommandRun counted = CommandRun.of(
                chat("-v", "--video", clip, "--frames", "3", "--from", "0.5", "--to", "1", "What moves?"));
        assertThat(counted.err()).containsPattern("prompt +\\d+ tokens, 27 of them visual\n");
    }

    @Test
    void namesAVideoThatIsNone(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("clip.mp4"), "just text");
        CommandRun run = CommandRun.of(chat("--video", file.toString(), "What moves?"));
        assertThat(run.err())
                .startsWith("internvl: " + file + ": a video must be MP4")
                .hasLineCount(1);
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--video a.mp4 -i a.png Where?         | a question takes pictures or a video",
                "--video a.mp4 --frames 0 Where?       | --frames must be at least 1: 0",
                "--video a.mp4 --from 2 --to 1 Where?  | --from must be a number not above --to: 2.0, 1.0"
            })
    void refusesVideoOptionsThatMakeNoSense(String args, String message) {
        CommandRun run = CommandRun.of(TinyModel.args(List.of("-m", "nowhere"), args.split(" ")));
        assertThat(run.err()).startsWith("internvl chat: ").contains(message);
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void replacesTheSystemMessage() {
        CommandRun run = CommandRun.of(chat(
                "--system",
                TinyModel.systemMessage("system"),
                "--image",
                picture("fog.png"),
                "--max-tiles",
                TinyModel.maxTiles("system"),
                question("system", 0)));
        assertThat(run.out()).isEqualTo(answer("system", 0) + "\n");
    }

    @Test
    void readsTheQuestionFromStandardInput() {
        CommandRun run = CommandRun.reading(question("text", 0) + "\n", chat("-"));
        assertThat(run.out()).isEqualTo(answer("text", 0) + "\n");
    }

    @Test
    void writesPiecesAsTheyComeOrTheWholeAtOnce() {
        CommandRun pieces = CommandRun.of(chat(question("text", 0)));
        CommandRun whole = CommandRun.of(chat("--no-stream", question("text", 0)));
        assertThat(whole.out()).isEqualTo(pieces.out()).isEqualTo(answer("text", 0) + "\n");
        assertThat(pieces.writes()).isGreaterThan(whole.writes() + 2);
    }

    @Test
    void endsBeforeAStopText() {
        String answer = answer("text", 0);
        CommandRun run = CommandRun.of(chat("--stop", answer.substring(5, 9), question("text", 0)));
        assertThat(run.out()).isEqualTo(answer.substring(0, 5).strip() + "\n");
    }

    @Test
    void repeatsASampledAnswerFromItsSeed() {
        String[] args = chat("--temperature", "2", "--top-k", "0", "--top-p", "0.95", "--seed", "7", "Tell a story.");
        String[] otherSeed = args.clone();
        otherSeed[otherSeed.length - 2] = "8";
        String sampled = CommandRun.of(args).out();
        assertThat(CommandRun.of(args).out()).isEqualTo(sampled);
        assertThat(CommandRun.of(otherSeed).out()).isNotEqualTo(sampled);
    }

    @Test
    void takesPenaltiesAndBans() {
        String free = CommandRun.of(chat("--no-stream", "Tell a story.")).out();
        String repeating = CommandRun.of(chat("--repetition-penalty", "0.01", "Tell a story."))
                .out();
        assertThat(repeating).isNotEqualTo(free);
        assertThat(CommandRun.of(chat("--repetition-penalty", "0.01", "--no-repeat-ngram", "1", "Tell a story."))
                        .out())
                .isNotEqualTo(repeating);
        for (String[] option : new String[][] {
            {"--frequency-penalty", "-50"},
            {"--presence-penalty", "-50"},
            {"--bad-word", free.strip().substring(0, 1)}
        }) {
            CommandRun run = CommandRun.of(chat(option[0] + "=" + option[1], "Tell a story."));
            assertThat(run.exitCode()).as(option[0]).isZero();
            assertThat(run.out()).as(option[0]).isNotEqualTo(free);
        }
    }

    @Test
    void holdsAnswersToAFormat(@TempDir Path folder) throws IOException {
        Path schema = Files.writeString(
                folder.resolve("schema.json"),
                "{\"type\":\"array\",\"items\":{\"const\":7}," + "\"minItems\":3,\"maxItems\":3}");
        assertThat(CommandRun.of(chat("--choice", "maybe,perhaps", "Well?")).out())
                .isIn("maybe\n", "perhaps\n");
        assertThat(CommandRun.of(chat("--regex", "[0-9]{3}", "How many?")).out())
                .matches("[0-9]{3}\n");
        assertThat(CommandRun.of(chat("--json-schema", schema.toString(), "Go."))
                        .out())
                .matches("\\[7, ?7, ?7]\n");
        assertThat(CommandRun.of(chat("--json", "Go.")).out()).startsWith("{");
    }

    @Test
    void refusesTwoFormatsAndABadOne() {
        CommandRun both = CommandRun.of(chat("--json", "--regex", "a", "Go."));
        assertThat(both.err()).contains("--json").contains("--regex").contains("mutually exclusive");
        assertThat(both.exitCode()).isEqualTo(2);
        CommandRun missing = CommandRun.of(chat("--json-schema", "no-such-file", "Go."));
        assertThat(missing.err()).contains("--json-schema: cannot read no-such-file");
        CommandRun bad = CommandRun.of(chat("--regex", "a(?=b)", "Go."));
        assertThat(bad.err())
                .contains("the regular expression: groups other than")
                .hasLineCount(1);
    }

    @Test
    void takesTheBestTokensAtTemperatureZero() {
        CommandRun run = CommandRun.of(chat("--temperature", "0", "--top-k", "5", question("text", 0)));
        assertThat(run.out()).isEqualTo(answer("text", 0) + "\n");
    }

    @Test
    void tellsTokensAndTimesWhenVerbose() {
        CommandRun run = CommandRun.of(chat("--verbose", "--image", picture("badge.png"), question("image1_auto", 0)));
        assertThat(run.out()).isEqualTo(answer("image1_auto", 0) + "\n");
        assertThat(run.err())
                .containsPattern("loaded in \\d+\\.\\d\\d s\n")
                .containsPattern("prompt +\\d+ tokens, 9 of them visual\n")
                .containsPattern("answer +\\d+ tokens, finish reason (stop|length)\n")
                .containsPattern("decode +\\d+\\.\\d\\d s, \\d+\\.\\d tokens/s\n");
    }

    @Test
    void explainsAQuestionWithoutQuotes() {
        CommandRun run = CommandRun.of("chat", "-m", "nowhere", "--image", "a.png", "What", "is", "on", "it?");
        assertThat(run.err())
                .startsWith("internvl chat: a question of several words needs quotes: \"What is on it?\"\n");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void saysThatTheDemoModelAnswersAndItsLimits() {
        CommandRun run = CommandRun.typing("/exit\n", "chat", "--model", "../models/internvl-demo");
        assertThat(run.err())
                .contains("internvl: the demo model answers; it knows drawn pictures only", "OpenGVLab/InternVL2_5-1B");
        assertThat(run.out()).isEmpty();
    }

    @Test
    void saysWhichModelAnswersAPerson() {
        CommandRun run = CommandRun.typing("/exit\n", chat());
        assertThat(run.err()).contains("internvl: " + TinyModel.FOLDER.getFileName() + " answers\n");
    }

    @Test
    void marksAnEmptyAnswer() {
        CommandRun run = CommandRun.of(chat("--choice", "  ,   ", "Well?"));
        assertThat(run.out()).isBlank();
        assertThat(run.err()).isEqualTo("internvl: the answer is empty\n");
        assertThat(run.exitCode()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"--devices, 'cuda:0,cuda:1'", "--tp, 2"})
    void spreadsOverGpusWhichMustBeThere(String option, String value) {
        assumeTrue(DeviceMap.freeMemory().isEmpty(), "this machine has a GPU");
        CommandRun run = CommandRun.of("chat", "--model", TinyModel.FOLDER.toString(), option, value, "Hello");
        assertThat(run.err())
                .startsWith("internvl: device cuda:0 is not there: ")
                .hasLineCount(1);
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void takesTheCpuWhereAutoFindsNoGpu() {
        assumeTrue(DeviceMap.freeMemory().isEmpty(), "this machine has a GPU");
        CommandRun run = CommandRun.of(TinyModel.args(
                List.of("--model", TinyModel.FOLDER.toString(), "--precision", "float32", "--max-new-tokens", "16"),
                "--devices",
                "auto",
                question("text", 0)));
        assertThat(run.out()).isEqualTo(answer("text", 0) + "\n");
        CommandRun both = CommandRun.of(chat("--devices", "auto", "Hello"));
        assertThat(both.err()).contains("--device", "--devices", "mutually exclusive");
    }

    @Test
    void tellsAPersonThatTheLimitOfTokensCutTheAnswer() {
        CommandRun run = CommandRun.typing(
                "",
                TinyModel.args(
                        List.of("-m", TinyModel.FOLDER.toString()), "--max-new-tokens", "2", question("text", 0)));
        assertThat(run.err()).contains("raise it with --max-new-tokens");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--top-p          | 1.5   | --top-p must be 0..1: 1.5",
                "--temperature    | -1    | --temperature must be above 0",
                "--max-new-tokens | 0     | --max-new-tokens must be at least 1: 0",
                "--max-tiles      | 0     | --max-tiles must be 1 to 1024; leave it out",
                "--top-k          | some  | Invalid value for option '--top-k'",
                "--precision      | int3  | expected one of [FLOAT32, BFLOAT16, FLOAT16, FP8, INT8, INT4]",
                "--device         | gpu   | --device must be cpu or cuda:N",
                "--devices        | gpu   | --devices must be CUDA devices, one or more and none twice",
                "--devices        | cuda:0,cuda:0 | --devices must be CUDA devices, one or more and none twice",
                "--tp             | 0     | --tp must be at least 1: 0",
                "--pass-order     | both  | expected one of [ROWS_FIRST, LESS_WORK_FIRST]",
                "--context-length | 0     | --context-length must be at least 1: 0",
                "--pictures       | a.png | Unknown option: '--pictures=a.png'"
            })
    void refusesOptionsThatMakeNoSense(String option, String value, String message) {
        CommandRun run = CommandRun.of(TinyModel.args(List.of("-m", "nowhere"), "Hello", option + "=" + value));
        assertThat(run.err()).startsWith("internvl chat: ").contains(message).endsWith("Try 'internvl chat --help'.\n");
        assertThat(run.out()).isEmpty();
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void drawsTheBoxesOfAnAnswer(@TempDir Path folder) throws IOException {
        Path shapes = Path.of("../models/samples/shapes.png");
        Path file = folder.resolve("boxes.png");
        CommandRun run = CommandRun.of(
                TinyModel.args(
                        List.of("--model", "../models/internvl-demo", "--precision", "float32"),
                        "--image",
                        shapes.toString(),
                        "--annotate",
                        file.toString(),
                        "Please provide the bounding box coordinate of the region this sentence describes: <ref>red circle</ref>"));
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).startsWith("red circle[[");
        assertThat(run.exitCode()).isZero();
        assertThat(Image.open(file).rgb()).isNotEqualTo(Image.open(shapes).rgb());
        assertThat(folder.toFile().list()).containsExactly("boxes.png");
    }

    @Test
    void saysThatAnAnswerWithoutBoxesIsNotDrawn(@TempDir Path folder) {
        Path file = folder.resolve("boxes.png");
        CommandRun run = CommandRun.of(
                chat("--image", picture("badge.png"), "--annotate", file.toString(), question("image1_auto", 0)));
        assertThat(run.out()).isEqualTo(answer("image1_auto", 0) + "\n");
        assertThat(run.err()).startsWith("internvl: " + file + ": not written").hasLineCount(1);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--annotate out.png Where?                         | exactly one --image: 0 given",
                "--annotate out.png -i a.png -i b.png Where?       | exactly one --image: 2 given",
                "--annotate out.png -i a.png                       | a question and exactly one --image: no question",
                "--annotate out.gif -i a.png Where?                | must end with .png, .jpg or .jpeg: out.gif",
                "--annotate no-such-folder/a.png -i a.png Where?   | the folder to write to must exist"
            })
    void refusesToAnnotateAnythingButOnePicture(String args, String message) {
        CommandRun run = CommandRun.of(TinyModel.args(List.of("-m", "nowhere"), args.split(" ")));
        assertThat(run.err()).startsWith("internvl chat: ").contains(message);
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void refusesEmptyStandardInputForAQuestion() {
        CommandRun run = CommandRun.reading("\n", chat("-"));
        assertThat(run.err()).contains("standard input contains no question");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void namesAFolderThatIsMissing() {
        CommandRun run = CommandRun.of("chat", "--model", "no-such-folder", "Hello");
        assertThat(run.err())
                .startsWith("internvl: no-such-folder: no such folder")
                .hasLineCount(1);
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void namesAPictureThatIsNone(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("notes.png"), "just text");
        CommandRun run = CommandRun.of(chat("--image", file.toString(), "What is it?"));
        assertThat(run.err())
                .startsWith("internvl: " + file + ": ")
                .contains("PNG")
                .hasLineCount(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void refusesTagsThatDoNotFitThePictures() {
        CommandRun run = CommandRun.of(chat("--image", picture("badge.png"), "<image> and <image>?"));
        assertThat(run.err()).contains("2 tags for 1 pictures");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void showsTheTraceOfAFailureOnlyWhenVerbose() {
        assertThat(CommandRun.of("chat", "-m", "no-such-folder", "Hello").err()).doesNotContain("\tat ");
        assertThat(CommandRun.of("chat", "-v", "-m", "no-such-folder", "Hello").err())
                .contains("io.github.internvl.hub.DownloadException", "\tat ");
    }
}
