package io.github.internvl.internal.torch;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many threads compute on CPUs. One for each physical core: the second thread of a core shares its arithmetic, and all
 * wait for the last.
 */
final class CpuThreads {
    private static final Logger LOG = LoggerFactory.getLogger(CpuThreads.class);
    private static final Path CPUS = Path.of("/sys/devices/system/cpu");

    private CpuThreads() {}

    /**
     * The number to set; empty where the environment sets one.
     *
     * @param wanted what the program asks for
     */
    static OptionalInt choose(OptionalInt wanted) {
        if (wanted.isPresent() || System.getenv("OMP_NUM_THREADS") != null) {
            return wanted;
        }
        int allowed = Runtime.getRuntime().availableProcessors();
        int cores = cores(CPUS);
        return OptionalInt.of(cores == 0 ? allowed : Math.min(cores, allowed));
    }

    /** Physical cores, by which of the logical ones are siblings; 0 where that is not told. */
    static int cores(Path cpus) {
        Set<String> siblings = new HashSet<>();
        if (!Files.isDirectory(cpus)) {
            return 0;
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(cpus, "cpu[0-9]*")) {
            for (Path cpu : all) {
                Path list = cpu.resolve("topology/thread_siblings_list");
                if (Files.exists(list)) { // not of one that is switched off
                    siblings.add(Files.readString(list).strip());
                }
            }
        } catch (IOException e) {
            LOG.debug("{} does not tell the cores", cpus, e);
            return 0;
        }
        return siblings.size();
    }
}
