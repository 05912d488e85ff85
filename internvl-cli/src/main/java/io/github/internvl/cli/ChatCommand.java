package io.github.internvl.cli;

import io.github.internvl.Box;
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
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code internvl chat}: answers one question, or holds a conversation. */
@Command(
        name = "chat",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "Answers a question about pictures or a video, or about none, and writes the answer as it is generated. Without a "
                    + "question it holds a conversation.",
            ""
        },
        footer = {
            "",
            "Where pictures go in a question is said by <image> tags: one tag for all of them, or one for each; without "
                    + "tags they come first.",
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
    /** Options on what is done here, which a server does in its own way. */
    private static final List<String> NOT_FOR_SERVERS = List.of(
            "--model",
            "--precision",
            "--device",
            "--context-length",
            "--copy-weights",
            "--pass-order",
            "--no-repeat-ngram",
            "--exif",
            "--from",
            "--to",
            "--allow-host");

    private final Terminal terminal;

    @ParentCommand
    private @Nullable Main main;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "QUESTION",
            description = "What to ask; - reads it from standard input. Without it, each line of standard input is a "
                    + "question of one conversation.")
    private @Nullable String question;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "MODEL",
            description =
                    "Folder of an InternVL 2.5 checkpoint, or its id on the Hugging Face hub, from which it is then "
                            + "downloaded once; without it $INTERNVL_MODEL, or the demo model.")
    private @Nullable String model;

    @Mixin
    private final Attachments attachments = new Attachments();

    @Option(
            names = "--max-tiles",
            paramLabel = "N",
            description =
                    "Most tiles a picture is cut into; more show finer detail and take longer. Frames of a video: 1.")
    private @Nullable Integer maxTiles;

    @Option(
            names = "--pass-order",
            paramLabel = "ORDER",
            description = "Resize as Pillow up to 12 does (rows_first, the default) or as Pillow 13 (less_work_first).")
    private PassOrder passOrder = PassOrder.ROWS_FIRST;

    @Option(
            names = "--annotate",
            paramLabel = "FILE",
            description =
                    "Draw the boxes of the answer on a copy of the one picture: PNG or JPEG by its ending. Without a "
                            + "box in the answer nothing is written, and the exit code is 1.")
    private @Nullable Path annotated;

    @Option(names = "--system", paramLabel = "TEXT", description = "Replace the model's own system message.")
    private @Nullable String system;

    @Mixin
    private final GenerationOptions generation = new GenerationOptions();

    @Mixin
    private final ModelOptions loading = new ModelOptions();

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "Ask this server instead of loading a model here: http://localhost:23333. Its key is in "
                    + "$INTERNVL_API_KEY. Files go to it as they are; options on loading a model, --exif, --from, --to "
                    + "and --allow-host are refused.")
    private @Nullable URI server;

    @Option(names = "--no-stream", description = "Write the answer only when it is complete.")
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
        boolean verbose = main != null && main.verbose();
        AnswerPrinter printer = new AnswerPrinter(terminal, !whole, verbose);
        if (server != null) {
            return askServer(server(server, settings, printer), asked, annotation);
        }
        attachments.open();
        long start = System.nanoTime();
        try (InternVL loaded = ModelOptions.load(builder.orElseThrow(), bar)) {
            if (verbose) {
                Duration time = Duration.ofNanos(System.nanoTime() - start);
                terminal.err().println("loaded in " + Sizes.seconds(time));
            }
            if (asked == null) {
                return new ChatSession(terminal, loaded, settings, attachments, printer).run();
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

    private ServerChat server(URI address, ChatRequest settings, AnswerPrinter printer) throws IOException {
        try {
            ServerChat chat = new ServerChat(
                    printer, new ServerClient(address), settings.generation(), system, settings.maxTiles());
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
        List<Box> boxes = chat.ask(asked);
        if (annotation.isPresent()) {
            annotate(annotation.get(), attachments.firstPicture(), boxes);
        }
        return 0;
    }

    private void checkServer() {
        for (String name : NOT_FOR_SERVERS) {
            if (spec.commandLine().getParseResult().hasMatchedOption(name)) {
                throw new IllegalArgumentException(
                        name + " does not go with --server, which has a model and takes files"
                                + " as they are; leave one of them out");
            }
        }
        if (annotated != null && attachments.areRemote()) {
            throw new IllegalArgumentException("--annotate needs the picture as a file with --server, which fetches"
                    + " others itself; save it first");
        }
    }

    /** All that is said of every question alike, as a request whose text is still to be replaced. */
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
                .hub(Hub.builder().progress(bar.listener("Downloading")).build())
                .maxConcurrent(1)
                .passOrder(passOrder)
                .progress(bar.listener("Loading"));
        loading.applyTo(builder);
        return builder;
    }

    private Optional<Annotation> annotation() {
        if (annotated == null) {
            return Optional.empty();
        }
        if (question == null || attachments.pictures() != 1) {
            throw new IllegalArgumentException("--annotate needs a question and exactly one --image: "
                    + (question == null ? "no question" : attachments.pictures() + " given"));
        }
        return Optional.of(Annotation.at(annotated));
    }

    private static void annotate(Annotation annotation, Image picture, List<Box> boxes) throws IOException {
        if (boxes.isEmpty()) {
            throw new InternVLException(annotation.file()
                    + ": not written, since the answer holds no box such as [[100, 250, 400, 900]]; ask for one as the"
                    + " examples of --help do");
        }
        annotation.write(picture, boxes);
    }

    private String readQuestion() {
        String text = terminal.in().lines().collect(Collectors.joining("\n")).strip();
        if (text.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "standard input holds no question");
        }
        return NativeText.whole(text);
    }
}
