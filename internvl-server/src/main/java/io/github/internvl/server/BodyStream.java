package io.github.internvl.server;

import io.github.internvl.RequestBudget;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;

/**
 * The bytes of a body as the client sends them: at most so many, at a rate that a slow line has, and within the time of the
 * request. Used by one thread.
 */
final class BodyStream extends InputStream {
    private final InputStream in;
    private final Readings.Reading reading;
    private final RequestBudget budget;
    private final long maxBytes;

    BodyStream(InputStream in, Readings.Reading reading, RequestBudget budget, long maxBytes) {
        this.in = in;
        this.reading = reading;
        this.budget = budget;
        this.maxBytes = maxBytes;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int most) {
        int read;
        try {
            read = in.read(into, from, most);
        } catch (IOException e) {
            throw failure(e);
        }
        reading.came(Math.max(read, 0));
        budget.check("the body");
        if (reading.bytes() > maxBytes) {
            throw tooLarge(maxBytes);
        }
        return read;
    }

    /** A failure of the connection, of the client's framing, or of its patience. */
    private RuntimeException failure(IOException failure) {
        reading.check();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException) {
                budget.check("the body");
                return Readings.tooSlow();
            }
            if (cause instanceof HttpException wrong && wrong.getCode() < 500) {
                return Refusal.status(
                        wrong.getCode(),
                        "malformed_body",
                        "the body must be framed as HTTP says, by Content-Length or in chunks: " + wrong.getReason());
            }
        }
        return new ClientGone();
    }

    static Refusal tooLarge(long maxBytes) {
        return Refusal.status(
                413, "request_too_large", "the request must have at most " + maxBytes + " bytes, pictures included");
    }
}
