package io.github.internvl.internal.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A server's answer. Reading its body ends with an exception, and not in waiting for ever, when nothing comes. */
final class Answer implements AutoCloseable {
    private static final ScheduledThreadPoolExecutor TIMER = timer();

    private final HttpResponse<InputStream> response;
    private final Duration silence;
    private volatile boolean silent;

    Answer(HttpResponse<InputStream> response, Duration silence) {
        this.response = response;
        this.silence = silence;
    }

    int status() {
        return response.statusCode();
    }

    Optional<String> header(String name) {
        return response.headers().firstValue(name);
    }

    /** Some more bytes of the body; -1 at its end. */
    int read(byte[] buffer) throws IOException {
        Future<?> end = TIMER.schedule(this::giveUp, silence.toMillis(), TimeUnit.MILLISECONDS);
        int read;
        try {
            read = response.body().read(buffer);
        } catch (IOException e) {
            throw silent ? nothingCame(e) : e;
        } finally {
            end.cancel(false);
        }
        if (silent) {
            throw nothingCame(null);
        }
        return read;
    }

    /** The whole body, which must not be longer than {@code limit} bytes. */
    byte[] all(int limit) throws IOException {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        byte[] buffer = new byte[1 << 14];
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
        try {
            response.body().close();
        } catch (IOException e) {
            // what is left of it is not wanted
        }
    }

    private IOException nothingCame(@Nullable Throwable cause) {
        return new IOException("nothing came for " + silence.toMillis() + " ms", cause);
    }

    private void giveUp() {
        silent = true;
        close();
    }

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "internvl-hub-timer");
            thread.setDaemon(true);
            thread.setContextClassLoader(Answer.class.getClassLoader());
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }
}
