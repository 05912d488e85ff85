package io.github.internvl.internal.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
     * Packs the class {@code Graph} of a source file together with the files that it imports, directly or not.
     *
     * @param graph the file that holds {@code Graph}, without its ending
     * @param used the files, without their endings, that stand behind imported names; other names are those of their files
     */
    static byte[] pack(String graph, Map<String, String> used) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            store(zip, "graph/data.pkl", pickle("__torch__." + graph, GraphText.lists(text(graph))));
            Set<String> packed = new HashSet<>();
            Deque<String> open = new ArrayDeque<>(List.of(graph));
            while (!open.isEmpty()) {
                String name = open.remove();
                if (packed.add(name)) {
                    String text = text(used.getOrDefault(name, name));
                    byte[] source = GraphText.pack(text, name).getBytes(StandardCharsets.UTF_8);
                    store(zip, "graph/code/__torch__/" + name + ".py", source);
                    open.addAll(GraphText.imports(text));
                }
            }
            store(zip, "graph/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
            store(zip, "graph/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static String text(String file) throws IOException {
        String resource = SOURCES + file + ".py";
        try (InputStream in = ScriptArchive.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException("graph text is missing from the class path: " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
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
    private static byte[] pickle(String module, Set<String> lists) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {(byte) 0x80, 2});
        out.write(("c" + module + "\nGraph\n").getBytes(StandardCharsets.US_ASCII)); // GLOBAL
        out.write(new byte[] {')', (byte) 0x81, '}', '('}); // EMPTY_TUPLE NEWOBJ EMPTY_DICT MARK
        string(out, "training");
        out.write(0x89); // NEWFALSE
        for (String list : lists) {
            string(out, list);
            out.write(']'); // EMPTY_LIST
        }
        out.write(new byte[] {'u', 'b', '.'}); // SETITEMS BUILD STOP
        return out.toByteArray();
    }

    private static void string(ByteArrayOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        out.write(new byte[] {'X', (byte) bytes.length, 0, 0, 0}); // BINUNICODE, length little-endian
        out.write(bytes);
    }
}
