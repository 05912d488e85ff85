package io.github.internvl.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import okhttp3.Response;

/** A server's response. Reading its body fails when the server sends nothing for longer than the client waits. */
final class HubResponse implements AutoCloseable {
    private static final int BUFFER = 1 << 14;

    private final Response response;
    private final Runnable onClose;
    private final InputStream body;

    HubResponse(Response response, Runnable onClose) {
        this.response = response;
        this.onClose = onClose;
        this.body = response.body().byteStream();
    }

    int status() {
        return response.code();
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(response.header(name));
    }

    /** Reads the next bytes of the body; -1 at its end. */
    int read(byte[] buffer) throws IOException {
        return body.read(buffer);
    }

    /** Reads the whole body, which must not be longer than {@code limit} bytes. */
    byte[] all(int limit) throws IOException {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        byte[] buffer = new byte[BUFFER];
        for (int n = read(buffer); n >= 0; n = read(buffer)) {
            whole.write(buffer, 0, n);
            if (whole.size() > limit) {
                throw new IOException("the answer is longer than " + limit + " bytes");
            }
        }
        return whole.toByteArray();
    }

    @Override
    public void close() {
        response.close();
        onClose.run();
    }
}
