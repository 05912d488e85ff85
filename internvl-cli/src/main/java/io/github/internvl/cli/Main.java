package io.github.internvl.cli;

import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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
    private static final List<String> MODULES =
            List.of("java.desktop", "java.logging", "java.management", "java.net.http", "jdk.jfr");

    /** The options that print what the command is, and do nothing. */
    private static final Set<String> ABOUT = Set.of("-h", "--help", "-V", "--version");

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
        String damage = Stream.of(args).anyMatch(ABOUT::contains) ? null : missingModules();
        if (damage == null) {
            damage = NativeText.damage(args, System.getenv());
        }
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

    /** The modules of the JDK that the command needs and this Java lacks, as an image of jlink may; null if it has all. */
    private static @Nullable String missingModules() {
        String missing = MODULES.stream()
                .filter(name -> ModuleLayer.boot().findModule(name).isEmpty())
                .collect(Collectors.joining(","));
        return missing.isEmpty()
                ? null
                : "the command needs a whole JDK: this Java, " + System.getProperty("java.home") + ", lacks " + missing
                        + "; use another, or add them with jlink's --add-modules " + missing;
    }

    private int explain(Exception failure, CommandLine command) {
        PrintWriter err = command.getErr();
        String message = failure.getMessage();
        err.println("internvl: "
                + (message == null
                        ? failure.toString()
                        : failure instanceof NoSuchFileException
                                ? message + ": no such file"
                                : OptionNames.of(command.getCommandSpec()).translate(message)));
        if (verbose) {
            failure.printStackTrace(err);
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    private static int explainUse(ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        err.println(name + ": " + message(wrong));
        UnmatchedArgumentException.printSuggestions(wrong, err);
        err.println("Try '" + name + " --help'.");
        return CommandLine.ExitCode.USAGE;
    }

    /** The message of a usage error: one of the libraries, of picocli, or that of a question without quotes. */
    private static String message(ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        String message = String.valueOf(wrong.getMessage());
        if (wrong.getCause() != null) {
            return OptionNames.of(command.getCommandSpec()).translate(message);
        }
        return wrong instanceof UnmatchedArgumentException unmatched
                        && command.getCommand() instanceof ChatCommand chat
                        && chat.question().isPresent()
                        && unmatched.getUnmatched().stream().noneMatch(word -> word.startsWith("-"))
                ? "a question of several words needs quotes: \""
                        + chat.question().get() + " " + String.join(" ", unmatched.getUnmatched()) + "\""
                : message;
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
