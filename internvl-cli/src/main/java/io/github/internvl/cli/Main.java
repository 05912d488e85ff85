package io.github.internvl.cli;

import java.io.PrintWriter;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code internvl} command. Exit codes: 0 done, 1 failed, 2 wrongly called. Answers and tables go to standard output,
 * everything else to standard error.
 */
@Command(
        name = "internvl",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Asks InternVL 2.5 about pictures, on this machine.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Examples:",
            "  internvl chat --image photo.jpg \"What is on the table?\"",
            "  internvl chat --model OpenGVLab/InternVL2_5-1B",
            "  internvl download OpenGVLab/InternVL2_5-1B",
            "  internvl info InternVL2_5-1B",
            "  internvl serve OpenGVLab/InternVL2_5-1B --port 23333",
            "  source <(internvl completion)",
            "  internvl bench InternVL2_5-1B",
            "",
            "internvl COMMAND --help tells more."
        })
public final class Main {
    /** Whether figures and stack traces are wanted. */
    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Print tokens and times, and the whole trace of a failure, to standard error.")
    private boolean verbose;

    private Main() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true"); // pictures are drawn without a display
        Terminal terminal = Terminal.ofProcess();
        String damage = NativeText.damage(args, System.getenv());
        if (damage != null) {
            terminal.err().println("internvl: " + damage);
            System.exit(CommandLine.ExitCode.USAGE);
        }
        System.exit(commandLine(terminal).execute(args));
    }

    static CommandLine commandLine(Terminal terminal) {
        Main main = new Main();
        return new CommandLine(main)
                .addSubcommand(new ChatCommand(terminal))
                .addSubcommand(new InfoCommand(terminal))
                .addSubcommand(new DownloadCommand(terminal))
                .addSubcommand(new ServeCommand(terminal))
                .addSubcommand("completion", new GenerateCompletion())
                .addSubcommand(new BenchCommand(terminal))
                .addSubcommand(new ExportCommand(terminal))
                .setOut(terminal.out())
                .setErr(terminal.err())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setAbbreviatedOptionsAllowed(false)
                .setParameterExceptionHandler((wrong, args) -> explainUse(wrong))
                .setExecutionExceptionHandler((failure, command, parsed) -> main.explain(failure, command));
    }

    boolean verbose() {
        return verbose;
    }

    private int explain(Exception failure, CommandLine command) {
        PrintWriter err = command.getErr();
        String message = failure.getMessage();
        err.println("internvl: " + (message == null ? failure.toString() : message));
        if (verbose) {
            failure.printStackTrace(err);
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    private static int explainUse(ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        err.println(name + ": " + wrong.getMessage());
        UnmatchedArgumentException.printSuggestions(wrong, err);
        err.println("Try '" + name + " --help'.");
        return CommandLine.ExitCode.USAGE;
    }

    /** Version of the program and of the Java that runs it. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {
                "internvl " + (version == null ? "(unpackaged)" : version),
                "Java ${java.version}, ${os.name} ${os.arch}"
            };
        }
    }
}
