package io.github.internvl.cli;

import io.github.internvl.Precision;
import io.github.internvl.internal.model.GraphFiles;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code internvl export-graph}: writes the graphs of a model to files, for measurements without Java. */
@Command(
        name = "export-graph",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Writes the graphs of a model: vision.pt and decoder.pt for torch.jit.load, and graphs.json, which describes their "
                    + "arguments. No weights are needed.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  internvl export-graph --device cuda:0 --out graphs/8B-bfloat16 InternVL2_5-8B",
            "  internvl export-graph --precision int8 --device cpu --out graphs/own FOLDER"
        })
final class ExportCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description =
                    "Folder with the config.json of an InternVL checkpoint, or the name of a published one, which "
                            + "needs no files. Default: $INTERNVL_MODEL, or the demo model.")
    private @Nullable String model;

    @Option(names = "--out", required = true, paramLabel = "FOLDER", description = "Folder for the files.")
    private Path out = Path.of("");

    @Option(
            names = "--precision",
            paramLabel = "FORMAT",
            description = "float32, bfloat16, float16, fp8, int8 or int4. Default: the best for the device.")
    private @Nullable Precision precision;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description = "cpu, for this machine's kernels, or cuda:0, which this machine need not have. Default: cpu.")
    private String device = "cpu";

    ExportCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try {
            GraphFiles.write(ModelFolder.named(model, "MODEL", spec.commandLine()), precision, device, out);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        terminal.out().println(out);
        terminal.out().flush();
        return 0;
    }
}
