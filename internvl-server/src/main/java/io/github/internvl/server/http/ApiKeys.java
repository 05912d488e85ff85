package io.github.internvl.server.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The API keys of a server, kept as hashes. Comparison takes the same time whatever key was sent. Immutable. */
final class ApiKeys {
    private static final String BEARER = "bearer ";

    private final List<byte[]> hashes;

    ApiKeys(List<String> keys) {
        hashes = keys.stream().map(ApiKeys::hash).toList();
    }

    boolean isEmpty() {
        return hashes.isEmpty();
    }

    /** Rejects a request whose {@code Authorization} header has no valid key; without keys accepts all. */
    void check(@Nullable String authorization) {
        if (!isEmpty() && index(authorization) < 0) {
            throw ApiException.unauthorized(
                    authorization == null
                            ? "an API key is required: Authorization: Bearer KEY"
                            : "the API key is not valid for this server");
        }
    }

    /** A name for a valid key, for use where the key itself must not appear. */
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
