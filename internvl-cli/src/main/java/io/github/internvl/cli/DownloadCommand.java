package io.github.internvl.cli;

import io.github.internvl.hub.Hub;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code internvl download}: downloads a model into the cache and prints its folder. */
@Command(
        name = "download",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Downloads a model from the Hugging Face hub into the cache shared with Python's huggingface_hub, and prints its "
                    + "folder. Files already in the cache are not downloaded again, and an interrupted download resumes.",
            ""
        },
        footer = {
            "",
            "Environment variables, as for huggingface_hub: HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_HUB_OFFLINE.",
            "",
            "Examples:",
            "  internvl download OpenGVLab/InternVL2_5-1B",
            "  internvl chat --model \"$(internvl download OpenGVLab/InternVL2_5-1B)\" --image photo.jpg"
        })
final class DownloadCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "ID", description = "Owner and name of the model, such as OpenGVLab/InternVL2_5-1B.")
    private String id = "";

    @Option(
            names = "--revision",
            paramLabel = "REVISION",
            description = "Branch, tag or commit to download. Default: the newest commit.")
    private String revision = "main";

    @Option(names = "--cache", paramLabel = "DIR", description = "Cache folder, instead of the default one.")
    private @Nullable Path cache;

    @Option(names = "--endpoint", paramLabel = "URL", description = "Address of a mirror of the hub.")
    private @Nullable URI endpoint;

    DownloadCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (LoadingBar bar = new LoadingBar(terminal)) {
            Path folder = hub(bar).fetch(id, revision);
            terminal.out().println(folder);
            return 0;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private Hub hub(LoadingBar bar) {
        Hub.Builder hub = Hub.builder().progress(bar.downloading());
        if (cache != null) {
            hub.cache(cache);
        }
        if (endpoint != null) {
            hub.endpoint(endpoint);
        }
        return hub.build();
    }
}
