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
 * The {@code internvl} command. Exit codes: 0 for success, 1 for a failure, 2 for a usage error. Answers and tables go to standard
 * output, everything else to standard error.
 */
@Command(
        name = "internvl",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Chat with InternVL about pictures and videos, on this machine.",
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
            "  internvl doctor",
            "",
            "Run internvl COMMAND --help for the options of a command."
        })
public final class Main {
    /** Whether to print statistics and stack traces. */
    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Print token counts, times, and the stack trace of a failure to standard error.")
    private boolean verbose;

    private Main() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true"); // for drawing without a display
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
        CommandLine command = new CommandLine(main)
                .addSubcommand(new ChatCommand(terminal))
                .addSubcommand(new InfoCommand(terminal))
                .addSubcommand(new DownloadCommand(terminal))
                .addSubcommand(new ServeCommand(terminal))
                .addSubcommand("completion", new GenerateCompletion())
                .addSubcommand(new BenchCommand(terminal))
                .addSubcommand(new DoctorCommand(terminal))
                .addSubcommand(new ExportCommand(terminal))
                .addSubcommand(new ConvertCommand(terminal))
                .setOut(terminal.out())
                .setErr(terminal.err())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setAbbreviatedOptionsAllowed(false)
                .setParameterExceptionHandler((wrong, args) -> explainUse(wrong))
                .setExecutionExceptionHandler((failure, failed, parsed) -> main.explain(failure, failed));
        for (CommandLine sub : command.getSubcommands().values()) {
            sub.getCommandSpec().versionProvider(new Version());
        }
        return command;
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

    /** The version of the program and of the Java runtime. */
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
