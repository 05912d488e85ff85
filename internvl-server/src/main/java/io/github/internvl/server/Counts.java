package io.github.internvl.server;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** How many requests ended with which status. Thread-safe. */
final class Counts {
    private final Map<Integer, LongAdder> byStatus = new ConcurrentSkipListMap<>();

    void add(int status) {
        byStatus.computeIfAbsent(status, first -> new LongAdder()).increment();
    }

    /** The counts in Prometheus's text format. */
    String text(int inside, int reading) {
        StringBuilder text = new StringBuilder("""
                # HELP internvl_http_responses_total Requests by the status they got
                # TYPE internvl_http_responses_total counter
                """);
        byStatus.forEach((status, count) -> text.append("internvl_http_responses_total{status=\"")
                .append(status)
                .append("\"} ")
                .append(count.sum())
                .append('\n'));
        text.append("""
                # HELP internvl_http_requests_inside Requests that wait or are answered
                # TYPE internvl_http_requests_inside gauge
                """);
        text.append("internvl_http_requests_inside ").append(inside).append('\n');
        text.append("""
                # HELP internvl_http_requests_reading Requests whose bodies are being read
                # TYPE internvl_http_requests_reading gauge
                """);
        return text.append("internvl_http_requests_reading ")
                .append(reading)
                .append('\n')
                .toString();
    }
}
