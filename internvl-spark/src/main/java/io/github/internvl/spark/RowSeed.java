package io.github.internvl.spark;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/** The seed of a row, from the seed of all rows and its texts and files: the same wherever, and however often, the row is answered. */
final class RowSeed {
    private final MessageDigest digest;

    RowSeed(long seed) {
        try {
            this.digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(seed).array());
    }

    RowSeed add(@Nullable String text) {
        return add(text == null ? new byte[0] : text.getBytes(StandardCharsets.UTF_8));
    }

    RowSeed add(byte[] bytes) {
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
        digest.update(bytes);
        return this;
    }

    long value() {
        return ByteBuffer.wrap(digest.digest()).getLong();
    }
}
