package io.github.internvl.server.http;

import java.time.Duration;

/**
 * The limits of a server.
 *
 * @param bodyBytes size of a request body
 * @param heapBytes Java heap for request bodies and decoded pictures, all requests together
 * @param requests requests admitted at once, queued ones included
 * @param requestsPerMinute requests a minute for each client, 0 for no limit
 * @param timeout time from the first byte of a request to the end of its answer
 */
public record Limits(long bodyBytes, long heapBytes, int requests, int requestsPerMinute, Duration timeout) {
    private static final int FEWEST_READINGS = 16;

    /** The number of bodies read at once: as many as requests are admitted, and never fewer than 16. */
    int bodies() {
        return Math.max(requests, FEWEST_READINGS);
    }

    /** The number of threads that requests can occupy at once. */
    public int threads() {
        return requests + bodies();
    }
}
