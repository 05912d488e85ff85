package io.github.internvl.server.http;

import io.github.internvl.RequestBudget;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;

/**
 * The bytes of a request body, under three limits: their number, a minimum rate, and the request's deadline. Used by one thread.
 */
final class BodyStream extends InputStream {
    private final InputStream in;
    private final BodyReadings.Reading reading;
    private final RequestBudget budget;
    private final long maxBytes;

    BodyStream(InputStream in, BodyReadings.Reading reading, RequestBudget budget, long maxBytes) {
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
        reading.received(Math.max(read, 0));
        budget.check("the body");
        if (reading.bytes() > maxBytes) {
            throw tooLarge(maxBytes);
        }
        return read;
    }

    /** The exception for a lost connection, wrong framing, or a pause that was too long. */
    private RuntimeException failure(IOException failure) {
        reading.check();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException) {
                budget.check("the body");
                return BodyReadings.tooSlow();
            }
            if (cause instanceof HttpException wrong && wrong.getCode() < 500) {
                return ApiException.status(
                        wrong.getCode(),
                        "malformed_body",
                        "the body must be framed by Content-Length or in chunks, as HTTP requires: "
                                + wrong.getReason());
            }
        }
        return new ClientGone();
    }

    static ApiException tooLarge(long maxBytes) {
        return ApiException.status(
                413,
                "request_too_large",
                "the request body must have at most " + maxBytes + " bytes, pictures included");
    }
}
