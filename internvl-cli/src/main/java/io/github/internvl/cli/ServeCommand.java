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
import java.util.function.Consumer;
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

/** {@code internvl serve}: serves a model over HTTP until the process is told to stop. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Serves a model over OpenAI's HTTP API, for unmodified clients of the openai libraries, with a chat page at /. By "
                    + "default only this machine can connect; set API keys before opening it with --host. On Ctrl-C or "
                    + "SIGTERM, requests in progress finish first.",
            ""
        },
        footer = {
            "",
            "API keys: one per line in --api-key-file, or separated by commas in $INTERNVL_API_KEYS.",
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
    private static final String BYTE_ORDER_MARK = "\uFEFF"; // which some editors write at the start of a file

    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "Folder of an InternVL checkpoint, or its id on the Hugging Face hub. Default: "
                    + "$INTERNVL_MODEL, or the demo model.")
    private @Nullable String model;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description = "Address to listen on; 0.0.0.0 for all. Default: 127.0.0.1.")
    private String host = "127.0.0.1";

    @Option(
            names = {"--port", "--server-port"},
            paramLabel = "N",
            description = "Port to listen on; 0 for any free one. Default: 23333.")
    private int port = 23333;

    @Option(
            names = {"--name", "--model-name"},
            paramLabel = "NAME",
            description = "Model name for clients. Default: the hub id or the folder's name.")
    private @Nullable String name;

    @Option(
            names = "--api-key-file",
            paramLabel = "FILE",
            description = "Accept only requests with one of the API keys in this file.")
    private @Nullable Path keyFile;

    @Option(
            names = "--allow-origin",
            paramLabel = "ORIGIN",
            description = "Allow web pages of this origin to call the server: https://example.com. Repeatable.")
    private final List<String> origins = new ArrayList<>();

    @Option(
            names = "--allow-host",
            paramLabel = "HOST",
            description = "Fetch pictures and videos by URL from this host. Default: none are fetched. Repeatable.")
    private final List<String> mediaHosts = new ArrayList<>();

    @Option(
            names = "--allow-private-host",
            paramLabel = "HOST",
            description = "The same for a host with a private address, such as a machine of this network. Repeatable.")
    private final List<String> privateHosts = new ArrayList<>();

    @ArgGroup(exclusive = false)
    private @Nullable Tls tls;

    @Option(
            names = "--max-requests",
            paramLabel = "N",
            description = "Requests admitted at once, queued ones included. Default: 256.")
    private int maxRequests = 256;

    @Option(
            names = "--requests-per-minute",
            paramLabel = "N",
            description = "Requests per minute for each API key, or without keys for each address. Default: no limit.")
    private int requestsPerMinute;

    @Option(names = "--timeout", paramLabel = "SECONDS", description = "Timeout of a request. Default: 600.")
    private long timeout = 600;

    @Option(
            names = "--drain",
            paramLabel = "SECONDS",
            description = "Grace period for requests in progress at shutdown. Default: 30.")
    private long drain = 30;

    @Option(
            names = "--max-body",
            paramLabel = "MIB",
            description = "Maximum size of a request, pictures included. Default: 32.")
    private long maxBody = 32;

    @Option(names = "--no-page", description = "Disable the chat page.")
    private boolean noPage;

    @Option(names = "--max-concurrent", paramLabel = "N", description = "Requests computed together. Default: 8.")
    private int maxConcurrent = 8;

    @Option(names = "--kv-cache-tokens", paramLabel = "N", description = "Size of the KV cache in tokens.")
    private @Nullable Long kvCacheTokens;

    @Mixin
    private final ModelOptions loading = new ModelOptions();

    /** The two files of TLS, given together. */
    static final class Tls {
        @Option(names = "--tls-cert", paramLabel = "FILE", required = true, description = "Certificate chain, PEM.")
        private Path certificates = Path.of("");

        @Option(
                names = "--tls-key",
                paramLabel = "FILE",
                required = true,
                description = "Private key of the certificate, PKCS#8 in PEM.")
        private Path key = Path.of("");
    }

    ServeCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        check("--max-body", maxBody >= 1 && maxBody <= 1024, "1 to 1024 MiB", maxBody);
        check("--timeout", timeout >= 1, "at least 1 second", timeout);
        check("--drain", drain >= 0, "0 seconds or more", drain);
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
            String served = name == null ? loaded.info().name() : name;
            terminal.err().println("internvl: serving " + served + " at " + server.uri());
            ModelFolder.limits(loaded.info()).ifPresent(terminal.err()::println);
            awaitStop(server);
        }
        return 0;
    }

    private void check(String option, boolean holds, String rule, long found) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), option + " must be " + rule + ": " + found);
        }
    }

    private ServerOptions options(PrometheusMeterRegistry registry) {
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
        if (!mediaHosts.isEmpty() || !privateHosts.isEmpty()) {
            RemoteMedia.Builder rules = RemoteMedia.builder().maxBytes(maxBody << 20);
            mediaHosts.forEach(host -> allow("--allow-host", host, rules::allowHost));
            privateHosts.forEach(host -> allow("--allow-private-host", host, rules::allowPrivateHost));
            options.remoteMedia(rules.build());
        }
        return options.build();
    }

    private static void allow(String option, String host, Consumer<String> rule) {
        try {
            rule.accept(host);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
        }
    }

    private List<String> keys() {
        Stream<String> ofEnvironment =
                Arrays.stream(System.getenv().getOrDefault(KEYS, "").split("[,\\s]+"));
        Stream<String> ofFile = keyFile == null ? Stream.of() : lines(keyFile).stream();
        List<String> keys = Stream.concat(ofEnvironment, ofFile)
                .map(line -> line.startsWith(BYTE_ORDER_MARK) ? line.substring(1) : line)
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
        if (keyFile != null && keys.isEmpty()) {
            throw new IllegalArgumentException(
                    "--api-key-file: " + keyFile + " contains no API key; write one per line");
        }
        return keys;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "--api-key-file must be a file that can be read: " + file + "; correct the path", e);
        }
    }

    private InternVLBuilder builder(LoadingBar bar, PrometheusMeterRegistry registry) {
        InternVLBuilder builder = InternVL.builder(ModelFolder.named(model, "MODEL", spec.commandLine()))
                .hub(Hub.builder().progress(bar.downloading()).build())
                .maxConcurrent(maxConcurrent)
                .metrics(new MicrometerMetrics(registry))
                .progress(bar.loading());
        loading.applyTo(builder);
        if (kvCacheTokens != null && Boolean.TRUE.equals(loading.staticSlots())) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--static-slots and --kv-cache-tokens cannot be combined; use --max-concurrent and --context-length");
        }
        if (kvCacheTokens != null) {
            builder.kvCacheTokens(kvCacheTokens);
        }
        return builder;
    }

    /** Waits until the process or this thread is told to stop, then drains the server. */
    private void awaitStop(InternVLServer server) {
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
            terminal.err().println("internvl: finishing requests in progress");
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
