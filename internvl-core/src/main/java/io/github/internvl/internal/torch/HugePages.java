package io.github.internvl.internal.torch;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pages of 2 MiB under memory that was filled with small ones. Packed weights lie in memory of the C library, which Linux backs by pages
 * of 4 KiB. A step of decoding reads all of it, and looking up the addresses of some hundred thousand pages takes a tenth of its time. So
 * the blocks that loading has filled become large pages once it has ended.
 *
 * <p>Blocks that were full before stay as they are, those of the application among them. Blocks of the Java heap that fill while a model is
 * loaded get large pages too, which does no harm. A block with a hole stays small, since a large page would take memory for the hole. The
 * system's setting {@code never} is respected, and a kernel before 6.1 enlarges the pages by itself, over minutes. Used by one thread.
 */
public final class HugePages {
    private static final Logger LOG = LoggerFactory.getLogger(HugePages.class);
    private static final Path SETTING = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
    private static final long BLOCK = 2L << 20;
    private static final int PAGES = 512; // of 4 KiB in a block
    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_COLLAPSE = 25;
    private static final Pattern ANONYMOUS =
            Pattern.compile("([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0 *(?:\\[heap\\])?", Pattern.CASE_INSENSITIVE);

    private final Set<Long> before;

    private HugePages(Set<Long> before) {
        this.before = before;
    }

    /** Notes which blocks are full before something is loaded. */
    public static HugePages before() {
        return new HugePages(full());
    }

    /** Enlarges the pages of the blocks that have become full since then. Returns their number, 0 where the system has no large pages. */
    public int enlarge() {
        Set<Long> made = full();
        made.removeAll(before);
        if (made.isEmpty()) {
            return 0;
        }
        try (NativeLibrary c = TorchRuntime.ownLibc()) {
            Function madvise = c.getFunction("madvise");
            int enlarged = 0;
            for (long block : made) {
                boolean allowed = advise(madvise, block, MADV_HUGEPAGE);
                enlarged += allowed && advise(madvise, block, MADV_COLLAPSE) ? 1 : 0;
            }
            LOG.debug("{} of {} new blocks of memory have large pages", enlarged, made.size());
            return enlarged;
        } catch (LinkageError e) {
            LOG.debug("memory keeps its small pages, since JNA cannot unpack its own library", e);
            return 0;
        }
    }

    private static boolean advise(Function madvise, long block, int advice) {
        return madvise.invokeInt(new Object[] {new Pointer(block), new NativeLong(BLOCK), advice}) == 0;
    }

    /** The addresses of the blocks of anonymous memory all of whose pages are there; none where large pages are off or unknown. */
    private static Set<Long> full() {
        Set<Long> blocks = new HashSet<>();
        try {
            if (!Files.exists(SETTING) || Files.readString(SETTING).contains("[never]")) {
                return blocks;
            }
            try (RandomAccessFile pages = new RandomAccessFile("/proc/self/pagemap", "r")) {
                for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
                    Matcher mapping = ANONYMOUS.matcher(line);
                    if (mapping.matches()) {
                        long start = Long.parseUnsignedLong(mapping.group(1), 16);
                        long end = Long.parseUnsignedLong(mapping.group(2), 16);
                        add(blocks, pages, (start + BLOCK - 1) / BLOCK * BLOCK, end);
                    }
                }
            }
        } catch (IOException e) { // another kernel, or a container that hides the files: small pages work too
            LOG.debug("memory keeps its small pages", e);
            blocks.clear();
        }
        return blocks;
    }

    private static void add(Set<Long> blocks, RandomAccessFile pages, long start, long end) throws IOException {
        ByteBuffer entries = ByteBuffer.allocate(8 * PAGES).order(ByteOrder.LITTLE_ENDIAN);
        for (long block = start; block + BLOCK <= end; block += BLOCK) {
            pages.seek(block / (BLOCK / PAGES) * 8);
            pages.readFully(entries.array());
            boolean full = true;
            for (int page = 0; full && page < PAGES; page++) {
                full = entries.getLong(8 * page) < 0; // the highest bit of an entry: the page is present
            }
            if (full) {
                blocks.add(block);
            }
        }
    }
}
