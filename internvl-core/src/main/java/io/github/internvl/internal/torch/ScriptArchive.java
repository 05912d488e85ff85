package io.github.internvl.internal.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript archive made from graph text: what {@code torch.jit.load} reads, without the export step that usually
 * writes it.
 *
 * <p>It is a zip of stored entries: the source of every file under {@code code/__torch__/}, and {@code data.pkl}, a
 * pickle of the graph object. Graph objects start empty (weights are bound later), so the pickle needs a dozen opcodes:
 * the class, its {@code training} flag and its empty lists. {@link GraphText} writes the sources in the dialect that archives
 * hold.
 */
final class ScriptArchive {
    private static final String SOURCES = "/io/github/internvl/graph/";

    private ScriptArchive() {}

    /**
     * Packs the class {@code Graph} of a source file together with the files that it uses.
     *
     * @param graph the file that holds {@code Graph}, without its ending
     * @param used the other files, without their endings, by the names that graph text calls them: a file under another
     *     name than its own takes that name in its text as well
     * @param lists the names of the graph's list attributes
     */
    static byte[] pack(String graph, Map<String, String> used, List<String> lists) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            store(zip, "graph/data.pkl", pickle("__torch__." + graph, lists));
            store(zip, "graph/code/__torch__/" + graph + ".py", source(graph, graph));
            for (Map.Entry<String, String> file : used.entrySet()) {
                store(zip, "graph/code/__torch__/" + file.getKey() + ".py", source(file.getValue(), file.getKey()));
            }
            store(zip, "graph/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
            store(zip, "graph/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static byte[] source(String file, String name) throws IOException {
        String resource = SOURCES + file + ".py";
        try (InputStream in = ScriptArchive.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException("graph text is missing from the class path: " + resource);
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return GraphText.pack(text, name).getBytes(StandardCharsets.UTF_8);
        }
    }

    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(content);
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    /** Protocol 2: an object of class {@code module.Graph} with {@code training} false and empty attributes. */
    private static byte[] pickle(String module, List<String> lists) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {(byte) 0x80, 2});
        out.write(("c" + module + "\nGraph\n").getBytes(StandardCharsets.US_ASCII)); // GLOBAL
        out.write(new byte[] {')', (byte) 0x81, '}', '('}); // EMPTY_TUPLE NEWOBJ EMPTY_DICT MARK
        text(out, "training");
        out.write(0x89); // NEWFALSE
        for (String list : lists) {
            text(out, list);
            out.write(']'); // EMPTY_LIST
        }
        out.write(new byte[] {'u', 'b', '.'}); // SETITEMS BUILD STOP
        return out.toByteArray();
    }

    private static void text(ByteArrayOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        out.write(new byte[] {'X', (byte) bytes.length, 0, 0, 0}); // BINUNICODE, length little-endian
        out.write(bytes);
    }
}
