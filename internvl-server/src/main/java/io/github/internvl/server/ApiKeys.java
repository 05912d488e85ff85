package io.github.internvl.server;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The keys that let requests in. They are kept as hashes, and compared with all of them in a time that does not depend on what
 * was sent. Immutable.
 */
final class ApiKeys {
    private static final String BEARER = "bearer ";

    private final List<byte[]> hashes;

    ApiKeys(List<String> keys) {
        hashes = keys.stream().map(ApiKeys::hash).toList();
    }

    boolean isEmpty() {
        return hashes.isEmpty();
    }

    /** Refuses a request whose {@code Authorization} brings no key that is known, unless none is asked for. */
    void check(@Nullable String authorization) {
        if (!isEmpty() && index(authorization) < 0) {
            throw Refusal.unknownKey(
                    authorization == null
                            ? "an API key is needed: Authorization: Bearer KEY"
                            : "the API key is not one of this server's");
        }
    }

    /** The name of a known key, for places where keys must not stand. */
    String name(@Nullable String authorization) {
        return "key " + index(authorization);
    }

    private int index(@Nullable String authorization) {
        String sent = authorization == null ? "" : authorization;
        boolean bearer = sent.regionMatches(true, 0, BEARER, 0, BEARER.length());
        byte[] hash = hash(bearer ? sent.substring(BEARER.length()).strip() : "");
        int found = -1;
        for (int i = 0; i < hashes.size(); i++) {
            found = MessageDigest.isEqual(hashes.get(i), hash) ? i : found;
        }
        return found;
    }

    private static byte[] hash(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
