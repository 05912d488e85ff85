package io.github.internvl.cli;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.hub.Hub;
import io.github.internvl.micrometer.MicrometerMetrics;
import io.github.internvl.server.InternVLServer;
import io.github.internvl.server.ServerOptions;
import io.github.internvl.web.RemoteMedia;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code internvl serve}: a model behind HTTP, until the process is told to end. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "Serves a model over HTTP as OpenAI's servers do, to unmodified clients of the openai libraries, with a chat page "
                    + "at /. It answers this machine alone unless --host says otherwise; then set keys. Ctrl-C or SIGTERM lets "
                    + "what is being answered finish first.",
            ""
        },
        footer = {
            "",
            "Keys: one a line in --api-key-file, or with commas between them in $INTERNVL_API_KEYS.",
            "",
            "Examples:",
            "  internvl serve OpenGVLab/InternVL2_5-8B --port 23333",
            "  internvl serve --host 0.0.0.0 --api-key-file keys.txt --tls-cert chain.pem --tls-key key.pem MODEL",
            "  internvl serve --allow-host '*.example.com' --requests-per-minute 60 MODEL",
            "",
            "  from openai import OpenAI",
            "  client = OpenAI(base_url='http://localhost:23333/v1', api_key='none')"
        })
final class ServeCommand implements Callable<Integer> {
    private static final String KEYS = "INTERNVL_API_KEYS";
    private static final String BYTE_ORDER_MARK = "\uFEFF"; // which some editors write at the beginning

    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "Folder of an InternVL 2.5 checkpoint, or its id on the Hugging Face hub; without it "
                    + "$INTERNVL_MODEL, or the demo model.")
    private @Nullable String model;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description = "Listen here; without it 127.0.0.1; 0.0.0.0 is all.")
    private String host = "127.0.0.1";

    @Option(
            names = {"--port", "--server-port"},
            paramLabel = "N",
            description = "Without it 23333; 0 takes any that is free.")
    private int port = 23333;

    @Option(
            names = {"--name", "--model-name"},
            paramLabel = "NAME",
            description = "What clients call the model; without it, its id on the hub or its folder's name.")
    private @Nullable String name;

    @Option(names = "--api-key-file", paramLabel = "FILE", description = "Take only requests with one of these keys.")
    private @Nullable Path keyFile;

    @Option(
            names = "--allow-origin",
            paramLabel = "ORIGIN",
            description = "Let pages from here ask from a browser: https://example.com. May be given several times.")
    private final List<String> origins = new ArrayList<>();

    @Option(
            names = "--allow-host",
            paramLabel = "HOST",
            description = "Fetch pictures and videos that requests name from this host; without it, none are fetched. "
                    + "May be given several times.")
    private final List<String> mediaHosts = new ArrayList<>();

    @ArgGroup(exclusive = false)
    private @Nullable Tls tls;

    @Option(names = "--max-requests", paramLabel = "N", description = "Requests inside, waiting ones included: 256.")
    private int maxRequests = 256;

    @Option(
            names = "--requests-per-minute",
            paramLabel = "N",
            description = "Requests of one key, or without keys of one address, in a minute; without it any number.")
    private int requestsPerMinute;

    @Option(names = "--timeout", paramLabel = "SECONDS", description = "Longest time of a request: 600.")
    private long timeout = 600;

    @Option(names = "--drain", paramLabel = "SECONDS", description = "Longest time to finish at the end: 30.")
    private long drain = 30;

    @Option(names = "--max-body", paramLabel = "MIB", description = "Largest request, pictures included: 32.")
    private long maxBody = 32;

    @Option(names = "--no-page", description = "Leave the chat page out.")
    private boolean noPage;

    @Option(names = "--max-concurrent", paramLabel = "N", description = "Requests that are computed together: 8.")
    private int maxConcurrent = 8;

    @Option(names = "--kv-cache-tokens", paramLabel = "N", description = "Most tokens whose keys and values are kept.")
    private @Nullable Long kvCacheTokens;

    @Option(
            names = "--static-slots",
            description =
                    "Give each of these requests its whole context from the start, and attention to all in one: for GPUs.")
    private boolean staticSlots;

    @Mixin
    private final ModelOptions loading = new ModelOptions();

    /** The two files of TLS, which go together. */
    static final class Tls {
        @Option(names = "--tls-cert", paramLabel = "FILE", required = true, description = "Chain of certificates, PEM.")
        private Path certificates = Path.of("");

        @Option(names = "--tls-key", paramLabel = "FILE", required = true, description = "Its key, PKCS#8 in PEM.")
        private Path key = Path.of("");
    }

    ServeCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        LoadingBar bar = new LoadingBar(terminal);
        ServerOptions options;
        InternVLBuilder builder;
        try {
            options = options(registry);
            builder = builder(bar, registry);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        try (InternVL loaded = ModelOptions.load(builder, bar);
                InternVLServer server = InternVLServer.start(loaded, options)) {
            terminal.err().println("internvl: " + loaded.info().name() + " answers at " + server.uri());
            untilTold(server);
        }
        return 0;
    }

    private ServerOptions options(PrometheusMeterRegistry registry) throws IOException {
        ServerOptions.Builder options = ServerOptions.builder()
                .host(host)
                .port(port)
                .apiKeys(keys())
                .allowedOrigins(origins)
                .maxRequests(maxRequests)
                .requestsPerMinute(requestsPerMinute)
                .maxBodyBytes(maxBody << 20)
                .timeout(Duration.ofSeconds(timeout))
                .chatPage(!noPage)
                .metrics(registry::scrape);
        if (name != null) {
            options.modelName(name);
        }
        if (tls != null) {
            options.tls(tls.certificates, tls.key);
        }
        if (!mediaHosts.isEmpty()) {
            RemoteMedia.Builder rules = RemoteMedia.builder().maxBytes(maxBody << 20);
            mediaHosts.forEach(rules::allowHost);
            options.remoteMedia(rules.build());
        }
        return options.build();
    }

    private List<String> keys() throws IOException {
        Stream<String> ofEnvironment =
                Arrays.stream(System.getenv().getOrDefault(KEYS, "").split("[,\\s]+"));
        Stream<String> ofFile = keyFile == null ? Stream.of() : Files.readAllLines(keyFile).stream();
        List<String> keys = Stream.concat(ofEnvironment, ofFile)
                .map(line -> line.startsWith(BYTE_ORDER_MARK) ? line.substring(1) : line)
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
        if (keyFile != null && keys.isEmpty()) {
            throw new IllegalArgumentException(keyFile + ": holds no key; write one on each line");
        }
        return keys;
    }

    private InternVLBuilder builder(LoadingBar bar, PrometheusMeterRegistry registry) {
        InternVLBuilder builder = InternVL.builder(ModelFolder.named(model, "MODEL", spec.commandLine()))
                .hub(Hub.builder().progress(bar.listener("Downloading")).build())
                .maxConcurrent(maxConcurrent)
                .staticSlots(staticSlots)
                .metrics(new MicrometerMetrics(registry))
                .progress(bar.listener("Loading"));
        loading.applyTo(builder);
        if (kvCacheTokens != null && staticSlots) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--static-slots and --kv-cache-tokens do not go together; use --max-concurrent and --context-length");
        }
        if (kvCacheTokens != null) {
            builder.kvCacheTokens(kvCacheTokens);
        }
        return builder;
    }

    /** Waits for the end of the process, or of this thread, and finishes what is being answered. */
    private void untilTold(InternVLServer server) {
        Thread self = Thread.currentThread();
        CountDownLatch finished = new CountDownLatch(1);
        Thread hook = new Thread(
                () -> {
                    self.interrupt();
                    try {
                        finished.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "internvl-end");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            terminal.err().println("internvl: finishing");
        }
        server.close(Duration.ofSeconds(drain));
        finished.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // the process is ending
        }
    }
}
