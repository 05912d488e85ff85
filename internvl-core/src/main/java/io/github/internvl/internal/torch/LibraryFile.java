package io.github.internvl.internal.torch;

import io.github.internvl.InternVLException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A native library in DJL's cache. The process would end at loading one that was cut short, so its length is compared first.
 *
 * @param file where it lies, once it has been unpacked
 * @param binding whether it lies between libtorch or the tokenizers and Java
 * @param source what it is unpacked from; null for one that was downloaded
 */
record LibraryFile(Path file, boolean binding, @Nullable URL source) {
    private static final Logger LOG = LoggerFactory.getLogger(LibraryFile.class);
    private static final int ELF_MAGIC = 0x464c457f;
    private static final int ELF64_HEADER = 64;
    private static final byte ELF64 = 2;

    /** Unpacks it again if it is there but not whole; throws {@link InternVLException} if that cannot be done. */
    void repair() {
        if (!Files.isRegularFile(file)) {
            return;
        }
        try {
            long found = Files.size(file);
            long expected = expectedBytes();
            if (found != expected && source != null) {
                LOG.warn("{} must have {} bytes: {}; unpacking it again", file, expected, found);
                unpack(source);
            } else if (found < expected) {
                throw new InternVLException(file + " must have at least " + expected + " bytes: " + found
                        + "; the download was cut short, delete the folder to download it again");
            }
        } catch (IOException e) {
            throw new InternVLException(
                    file + " must be a whole library: it is cut short and cannot be unpacked again (" + e
                            + "); delete its folder, or set DJL_CACHE_DIR to a folder that can be written",
                    e);
        }
    }

    /** Replaces the file in one move, so that other processes see the old one or the new one. */
    private void unpack(URL from) throws IOException {
        Path part = Files.createTempFile(file.toAbsolutePath().getParent(), "jni", "tmp");
        try (InputStream bytes = from.openStream()) {
            Files.copy(bytes, part, StandardCopyOption.REPLACE_EXISTING);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private long expectedBytes() throws IOException {
        if (source == null) {
            return endOfSections();
        }
        URLConnection entry = source.openConnection();
        entry.setUseCaches(false);
        InputStream opened = entry.getInputStream();
        try {
            long bytes = entry.getContentLengthLong();
            return bytes < 0 ? Files.size(file) : bytes; // a class path that tells no lengths
        } finally {
            opened.close();
        }
    }

    /** Where the table of sections ends, which linkers write last; 0 if this is no ELF file of 64 bits. */
    private long endOfSections() throws IOException {
        ByteBuffer head = ByteBuffer.allocate(ELF64_HEADER).order(ByteOrder.LITTLE_ENDIAN);
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            while (head.hasRemaining() && channel.read(head) >= 0) {}
        }
        if (head.hasRemaining() || head.getInt(0) != ELF_MAGIC || head.get(4) != ELF64) {
            return 0;
        }
        return head.getLong(40) + Short.toUnsignedLong(head.getShort(58)) * Short.toUnsignedLong(head.getShort(60));
    }
}
