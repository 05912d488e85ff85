package io.github.internvl.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A file of a commit.
 *
 * @param name its name in the repository
 * @param hash SHA-256 of its content (64 digits) where Git LFS keeps it, else the SHA-1 of its git blob (40 digits); also the
 *     name under which the cache keeps it
 * @param bytes its length
 */
record RemoteFile(String name, String hash, long bytes) {
    static final Pattern HASH = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");

    private static final int SHA256_DIGITS = 64;

    /** The name of the hash algorithm, for messages. */
    String algorithm() {
        return hash.length() == SHA256_DIGITS ? "SHA-256" : "git's SHA-1";
    }

    /** The hash of a file on disk, by the same algorithm. */
    String hashOf(Path content) throws IOException {
        MessageDigest digest = digest();
        if (hash.length() != SHA256_DIGITS) {
            digest.update(("blob " + Files.size(content) + "\0").getBytes(StandardCharsets.US_ASCII));
        }
        byte[] buffer = new byte[1 << 18];
        try (InputStream in = Files.newInputStream(content)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private MessageDigest digest() {
        try {
            return MessageDigest.getInstance(hash.length() == SHA256_DIGITS ? "SHA-256" : "SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256 and SHA-1", e);
        }
    }
}
