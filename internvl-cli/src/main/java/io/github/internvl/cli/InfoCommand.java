package io.github.internvl.cli;

import io.github.internvl.KnownModel;
import io.github.internvl.ModelInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code internvl info}: what a model holds and what memory it takes, told without its weights. */
@Command(
        name = "info",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Shows what a model holds and how much memory it takes, without loading its weights.",
        footer = {
            "",
            "Examples:",
            "  internvl info InternVL2_5-1B",
            "  internvl info --json InternVL2_5-1B",
            "  internvl info --all"
        })
final class InfoCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "Folder of an InternVL 2.5 checkpoint, or the name of a published one, which needs no files; "
                    + "without it $INTERNVL_MODEL, or the demo model.")
    private @Nullable String model;

    @Option(names = "--all", description = "List the published checkpoints instead.")
    private boolean all;

    @Option(names = "--json", description = "Write JSON; sizes are in bytes.")
    private boolean json;

    InfoCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (all && (json || model != null)) {
            throw new ParameterException(spec.commandLine(), "--all stands alone; leave MODEL and --json out");
        }
        terminal.out().print(all ? ModelFacts.family() : json ? facts().json() : facts().table());
        terminal.out().flush();
        return 0;
    }

    /** A folder of that name goes before a published model. */
    private ModelFacts facts() {
        Path folder = ModelFolder.of(model == null ? null : Path.of(model), "MODEL", spec.commandLine());
        Optional<KnownModel> known =
                model == null || Files.isDirectory(folder) ? Optional.empty() : KnownModel.find(model);
        return known.map(ModelFacts::of).orElseGet(() -> new ModelFacts(ModelInfo.of(folder), Optional.empty()));
    }
}
