package io.github.internvl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.vision.Image;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServeCommandTest {
    private final AtomicInteger exitCode = new AtomicInteger(-1);
    private Thread command = new Thread();
    private String address = "";

    @BeforeAll
    @Timeout(120)
    void serve() throws IOException {
        PipedReader errors = new PipedReader(1 << 16);
        PrintWriter err = new PrintWriter(new PipedWriter(errors), true);
        Terminal terminal =
                new Terminal(new BufferedReader(new StringReader("")), new PrintWriter(new StringWriter()), err, false);
        command = new Thread(() -> exitCode.set(Main.commandLine(terminal)
                .execute(
                        "serve",
                        "--port",
                        "0",
                        "--name",
                        "tiny",
                        "--precision",
                        "float32",
                        "--device",
                        "cpu",
                        "--context-length",
                        "4096",
                        TinyModel.FOLDER.toString())));
        command.start();
        String line = new BufferedReader(errors).readLine();
        assertThat(line).contains(" at http://127.0.0.1:");
        address = line.substring(line.indexOf("http"));
    }

    @AfterAll
    void endsWhenItIsTold() throws InterruptedException {
        command.interrupt();
        command.join();
        assertThat(exitCode).hasValue(0);
    }

    private String get(String path) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(address).resolve(path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void servesItsModelAndMetrics() throws IOException, InterruptedException {
        assertThat(get("v1/models")).contains("\"tiny\"");
        assertThat(get("metrics")).contains("internvl_requests_running", "internvl_http_responses_total");
        assertThat(get("")).contains("<title>InternVL</title>");
    }

    @Test
    void answersAChatOfTheCommandAsTheModelDoes() {
        String[] question = {
            "--max-new-tokens", "12", "--max-tiles", "1", "--image", TinyModel.picture("badge.png"), "What is it?"
        };
        List<String> model = List.of("--model", TinyModel.FOLDER.toString(), "--precision", "float32");
        CommandRun here = CommandRun.of(TinyModel.args(model, question));
        CommandRun there = CommandRun.of(TinyModel.args(List.of("--server", address), question));
        assertThat(there.exitCode()).as(there.err()).isZero();
        assertThat(there.out()).isEqualTo(here.out());
        CommandRun talk = CommandRun.reading(
                "What is it?\nAnd now?\n/image missing.png\n", "chat", "--server", address, "--max-new-tokens", "4");
        assertThat(talk.out().lines()).hasSizeGreaterThanOrEqualTo(2);
        assertThat(talk.err()).contains("missing.png");
        assertThat(talk.exitCode()).isEqualTo(1);
    }

    @Test
    void writesWholeAnswersAndDrawsTheirBoxes(@TempDir Path folder) {
        Path file = folder.resolve("boxes.png");
        CommandRun run = CommandRun.of(
                "chat",
                "--server",
                address,
                "--no-stream",
                "--regex",
                "badge\\[\\[100, 250, 400, 900\\]\\]",
                "--image",
                TinyModel.picture("badge.png"),
                "--annotate",
                file.toString(),
                "Where?");
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).isEqualTo("badge[[100, 250, 400, 900]]\n");
        assertThat(run.writes()).isLessThan(3);
        assertThat(Image.open(file).rgb())
                .isNotEqualTo(
                        Image.open(Path.of(TinyModel.picture("badge.png"))).rgb());
    }

    @Test
    void refusesStaticSlotsBesideABudgetOfTokens() {
        CommandRun run = CommandRun.of(
                "serve", TinyModel.FOLDER.toString(), "--port", "0", "--static-slots", "--kv-cache-tokens", "512");
        assertThat(run.err()).contains("--static-slots and --kv-cache-tokens cannot be combined");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--port 70000               | --port must be 0..65535: 70000",
                "--max-requests 0           | --max-requests must be 1..10000: 0",
                "--requests-per-minute -1   | --requests-per-minute must be 0 (no limit) or more: -1",
                "--max-body 0               | --max-body must be 1 to 1024 MiB: 0",
                "--timeout 0                | --timeout must be at least 1 second: 0",
                "--drain -1                 | --drain must be 0 seconds or more: -1",
                "--max-concurrent 0         | --max-concurrent must be at least 1: 0",
                "--kv-cache-tokens 0        | --kv-cache-tokens must be at least 1: 0",
                "--tp 0                     | --tp must be at least 1: 0",
                "--devices cuda:0,cuda:0    | --devices must be CUDA devices",
                "--api-key-file no-such     | --api-key-file must be a file that can be read: no-such",
                "--allow-private-host a/b   | --allow-private-host: a host must be a name"
            })
    void namesTheOptionThatMakesNoSense(String args, String message) {
        CommandRun run = CommandRun.of(Stream.concat(
                        Stream.of("serve", TinyModel.FOLDER.toString()),
                        Stream.of(args.strip().split(" ")))
                .toArray(String[]::new));
        assertThat(run.err()).startsWith("internvl serve: ").contains(message);
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void namesThePortThatIsInUse() {
        CommandRun run = CommandRun.of(
                "serve",
                TinyModel.FOLDER.toString(),
                "--port",
                String.valueOf(URI.create(address).getPort()));
        assertThat(run.err()).contains("choose a free --port, and an address of this machine for --host");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--model tiny                                      | --model cannot be combined with --server",
                "--device cpu                                      | --device cannot be combined with --server",
                "--devices auto                                    | --devices cannot be combined with --server",
                "--tp 2                                            | --tp cannot be combined with --server",
                "--video a.mp4 --from 2                            | --from cannot be combined with --server",
                "--video a.mp4 --to 2                              | --to cannot be combined with --server",
                "--allow-host example.com                          | --allow-host cannot be combined with --server",
                "--exif                                            | --exif cannot be combined with --server",
                "--annotate a.png -i http://localhost/a.png        | --annotate with --server requires the picture as a file",
                "--annotate a.png                                  | exactly one --image: 0 given",
                "--video .                                         | is a folder, and a server accepts only files"
            })
    void refusesWhatAServerDoesItsOwnWay(String args, String message) {
        CommandRun run =
                CommandRun.of(TinyModel.args(List.of("--server", address), (args.strip() + " Why?").split(" ")));
        assertThat(run.err()).startsWith("internvl chat: ").contains(message);
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void measuresWhatClientsGet() {
        CommandRun run = CommandRun.of(
                "bench",
                "--server",
                address,
                "--requests",
                "6",
                "--concurrency",
                "3",
                "--max-new-tokens",
                "5",
                "--rate",
                "200",
                "--json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        JsonObject figures = JsonParser.parseString(run.out()).getAsJsonObject();
        assertThat(figures.get("requests").getAsInt()).isEqualTo(6);
        assertThat(figures.get("failed").getAsInt()).isZero();
        assertThat(figures.get("model").getAsString()).isEqualTo("tiny");
        assertThat(figures.get("first_token_ms_p95").getAsDouble()).isPositive();
        assertThat(figures.get("per_token_ms_p50").getAsDouble()).isPositive();
    }

    @Test
    void saysWhatIsWrong(@TempDir Path folder) throws IOException {
        CommandRun nobody = CommandRun.of("chat", "--server", "http://localhost:1", "Why?");
        assertThat(nobody.exitCode()).isEqualTo(1);
        assertThat(nobody.err()).contains("http://localhost:1/v1/: cannot be reached");
        Path text = Files.writeString(folder.resolve("text.png"), "no picture");
        CommandRun refused = CommandRun.of("chat", "--server", address, "--image", text.toString(), "Why?");
        assertThat(refused.err()).contains(": 400, messages[0].content[0].image_url.url is not a usable picture");
        assertThat(refused.exitCode()).isEqualTo(1);
        Path keys = Files.writeString(folder.resolve("keys.txt"), "\uFEFF# none\n");
        CommandRun keyless = CommandRun.of("serve", "--api-key-file", keys.toString(), TinyModel.FOLDER.toString());
        assertThat(keyless.exitCode()).isEqualTo(2);
        assertThat(keyless.err()).contains("contains no API key");
        assertThat(CommandRun.of("chat", "--server", "localhost", "Why?").exitCode())
                .isEqualTo(2);
    }

    @Test
    void writesACompletionScript() {
        assertThat(CommandRun.of("completion").out()).contains("internvl", "serve", "complete ");
    }
}
