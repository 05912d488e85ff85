package io.github.internvl.cli;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.ChatStream;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.InternVLException;
import io.github.internvl.hub.Hub;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.PassOrder;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code internvl chat}: answers one question, or holds a conversation. */
@Command(
        name = "chat",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Answers a question, about pictures, a video, or text alone, and prints the answer as it is generated. Without a "
                    + "question it starts a conversation.",
            ""
        },
        footer = {
            "",
            "<image> tags place the pictures in the question: one tag for all pictures, or one for each. Without tags the "
                    + "pictures come first.",
            "",
            "Examples:",
            "  internvl chat --image photo.jpg \"What is on the table?\"",
            "  internvl chat --image a.jpg --image b.jpg \"Image-1: <image> Image-2: <image> What is the difference?\"",
            "  internvl chat --model OpenGVLab/InternVL2_5-1B --max-tiles 6 --image page.png",
            "  internvl chat --video clip.mp4 --frames 8 \"What happens in the video?\"",
            "  internvl chat --allow-host images.example.com --image https://images.example.com/a.jpg \"What is this?\"",
            "  internvl chat --temperature 0.8 --top-p 0.8 --seed 1 \"Tell me a story.\"",
            "  internvl chat --image chart.png - < question.txt",
            "  internvl chat --server http://localhost:23333 --image photo.jpg \"What is on the table?\"",
            "  internvl chat --image photo.jpg --choice red,green,blue \"What color is the ball?\"",
            "  internvl chat --image photo.jpg --annotate boxes.png \"Please provide the bounding box coordinate of the "
                    + "region this sentence describes: <ref>red circle</ref>\""
        })
final class ChatCommand implements Callable<Integer> {
    /** The options that concern a local model, rejected beside {@code --server}. */
    private static final List<String> NOT_FOR_SERVERS = List.of(
            "--model",
            "--precision",
            "--vision-precision",
            "--threads",
            "--device",
            "--devices",
            "--tp",
            "--context-length",
            "--copy-weights",
            "--static-slots",
            "--cuda-graphs",
            "--pass-order",
            "--no-repeat-ngram",
            "--exif",
            "--from",
            "--to",
            "--allow-host");

    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "QUESTION",
            description =
                    "The question; - reads it from standard input. Default: each line of standard input is a question "
                            + "in one conversation.")
    private @Nullable String question;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "MODEL",
            description = "Folder of an InternVL checkpoint, or its id on the Hugging Face hub, which is downloaded "
                    + "once. Default: $INTERNVL_MODEL, or the demo model.")
    private @Nullable String model;

    @Mixin
    private final Attachments attachments = new Attachments();

    @Option(
            names = "--max-tiles",
            paramLabel = "N",
            description =
                    "Maximum number of tiles per picture; more tiles show finer detail and take longer. Video frames have 1.")
    private @Nullable Integer maxTiles;

    @Option(
            names = "--pass-order",
            paramLabel = "ORDER",
            description = "Resize like Pillow up to 12 (rows_first, the default) or like Pillow 13 (less_work_first).")
    private PassOrder passOrder = PassOrder.ROWS_FIRST;

    @Option(
            names = "--annotate",
            paramLabel = "FILE",
            description =
                    "Draw the answer's boxes on a copy of the single picture; the file name's ending selects PNG or "
                            + "JPEG. If the answer has no box, no file is written and the exit code is 1.")
    private @Nullable Path annotated;

    @Option(names = "--system", paramLabel = "TEXT", description = "System message, instead of the model's own.")
    private @Nullable String system;

    @Mixin
    private final GenerationOptions generation = new GenerationOptions();

    @Mixin
    private final ModelOptions loading = new ModelOptions();

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "Ask this server instead of a local model: http://localhost:23333. Its API key comes from "
                    + "$INTERNVL_API_KEY. Files are sent unchanged; options for loading a model, --exif, --from, --to and "
                    + "--allow-host are rejected.")
    private @Nullable URI server;

    @Option(names = "--no-stream", description = "Print the answer only when it is complete.")
    private boolean whole;

    ChatCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        LoadingBar bar = new LoadingBar(terminal);
        ChatRequest settings;
        Optional<InternVLBuilder> builder;
        Optional<Annotation> annotation;
        try {
            if (server != null) {
                checkServer();
            }
            annotation = annotation();
            attachments.check(server == null);
            settings = settings();
            builder = server == null ? Optional.of(builder(bar)) : Optional.empty();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        String asked = "-".equals(question) ? readQuestion() : question;
        boolean verbose = isVerbose();
        AnswerPrinter printer = new AnswerPrinter(terminal, !whole, verbose);
        if (server != null) {
            return askServer(server(server, settings, printer), asked, annotation);
        }
        attachments.open();
        long start = System.nanoTime();
        try (InternVL loaded = ModelOptions.load(builder.orElseThrow(), bar)) {
            if (verbose) {
                Duration time = Duration.ofNanos(System.nanoTime() - start);
                terminal.err().println("loaded in " + Units.seconds(time));
            }
            if (terminal.interactive() || !ModelFolder.isNamed(model)) {
                terminal.err().println(ModelFolder.answering(loaded.info()));
            }
            if (asked == null) {
                return new ChatSession(terminal, loaded, settings, attachments, printer, OptionNames.of(spec)).run();
            }
            ChatRequest request =
                    attachments.addTo(settings.toBuilder().text(asked)).build();
            try (ChatStream stream = loaded.stream(request)) {
                ChatResponse response = printer.print(stream);
                if (annotation.isPresent()) {
                    annotate(annotation.get(), attachments.firstPicture(), response.boxes());
                }
            }
            return 0;
        }
    }

    /** The question, if it was given as an argument. */
    Optional<String> question() {
        return Optional.ofNullable(question);
    }

    /** Whether {@code --verbose} was given, which all commands share. */
    private boolean isVerbose() {
        OptionSpec option = spec.root().findOption("--verbose");
        return option != null && Boolean.TRUE.equals(option.getValue());
    }

    private ServerChat server(URI address, ChatRequest settings, AnswerPrinter printer) throws IOException {
        try {
            ServerChat chat = new ServerChat(
                    printer,
                    new ServerClient(address),
                    settings.generation(),
                    system,
                    settings.tiling().maxTiles());
            attachments.sendTo(chat);
            return chat;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private int askServer(ServerChat chat, @Nullable String asked, Optional<Annotation> annotation) throws IOException {
        if (asked == null) {
            return chat.run();
        }
        if (annotation.isPresent()) {
            attachments.open();
        }
        List<ChatResponse.Box> boxes = chat.ask(asked);
        if (annotation.isPresent()) {
            annotate(annotation.get(), attachments.firstPicture(), boxes);
        }
        return 0;
    }

    private void checkServer() {
        for (String name : NOT_FOR_SERVERS) {
            if (spec.commandLine().getParseResult().hasMatchedOption(name)) {
                throw new IllegalArgumentException(
                        name + " cannot be combined with --server, which has its own model and receives files"
                                + " unchanged; omit one of them");
            }
        }
        if (annotated != null && attachments.areRemote()) {
            throw new IllegalArgumentException(
                    "--annotate with --server requires the picture as a file, since the server fetches"
                            + " URLs itself; save the picture first");
        }
    }

    /** The settings common to all questions, as a request without its text. */
    private ChatRequest settings() {
        ChatRequest.Builder settings = ChatRequest.builder().text("").generation(generation.config());
        if (system != null) {
            settings.systemMessage(system);
        }
        if (maxTiles != null) {
            settings.maxTiles(maxTiles);
        }
        return settings.build();
    }

    private InternVLBuilder builder(LoadingBar bar) {
        InternVLBuilder builder = InternVL.builder(ModelFolder.named(model, "--model MODEL", spec.commandLine()))
                .hub(Hub.builder().progress(bar.downloading()).build())
                .maxConcurrent(1)
                .passOrder(passOrder)
                .progress(bar.loading());
        loading.applyTo(builder);
        return builder;
    }

    private Optional<Annotation> annotation() {
        if (annotated == null) {
            return Optional.empty();
        }
        if (question == null || attachments.pictures() != 1) {
            throw new IllegalArgumentException("--annotate requires a question and exactly one --image: "
                    + (question == null ? "no question" : attachments.pictures() + " given"));
        }
        return Optional.of(Annotation.at(annotated));
    }

    private static void annotate(Annotation annotation, Image picture, List<ChatResponse.Box> boxes)
            throws IOException {
        if (boxes.isEmpty()) {
            throw new InternVLException(annotation.file()
                    + ": not written, since the answer has no box such as [[100, 250, 400, 900]]; ask for one as in the"
                    + " examples of --help");
        }
        annotation.write(picture, boxes);
    }

    private String readQuestion() {
        String text = terminal.in().lines().collect(Collectors.joining("\n")).strip();
        if (text.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "standard input contains no question");
        }
        return NativeText.whole(text);
    }
}
