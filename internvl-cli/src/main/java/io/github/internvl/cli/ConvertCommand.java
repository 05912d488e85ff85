package io.github.internvl.cli;

import io.github.internvl.internal.model.LayoutConversion;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code internvl convert}: writes a checkpoint in the other layout. */
@Command(
        name = "convert",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Writes a checkpoint in another layout, bit for bit: weights, config.json, and the files of processor and tokenizer. "
                    + "Weights are streamed; the model need not fit into memory.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  internvl convert --to hf InternVL2_5-1B InternVL2_5-1B-hf",
            "  internvl convert --to official fine-tuned-hf fine-tuned"
        })
final class ConvertCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(index = "0", paramLabel = "FOLDER", description = "Folder of the checkpoint.")
    private Path folder = Path.of("");

    @Parameters(index = "1", paramLabel = "OUT", description = "Folder for the other one, new or empty.")
    private Path out = Path.of("");

    @Option(
            names = "--to",
            required = true,
            paramLabel = "LAYOUT",
            description = "hf, the layout of transformers (*-hf), or official, that of OpenGVLab.")
    private LayoutConversion.Target target = LayoutConversion.Target.HF;

    ConvertCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        LayoutConversion.run(folder, out, target);
        terminal.out().println(out);
        terminal.out().flush();
        return 0;
    }
}
