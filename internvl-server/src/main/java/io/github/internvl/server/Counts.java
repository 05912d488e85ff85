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
    String text(int inside) {
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
                # HELP internvl_http_requests_inside Requests that are being read, waiting, or answered
                # TYPE internvl_http_requests_inside gauge
                """);
        return text.append("internvl_http_requests_inside ")
                .append(inside)
                .append('\n')
                .toString();
    }
}
