package io.github.internvl.server.http;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** The server's own metrics: responses by status, and requests in progress. Thread-safe. */
public final class HttpMetrics {
    private final Map<Integer, LongAdder> byStatus = new ConcurrentSkipListMap<>();

    /** Counts a response. */
    public void count(int status) {
        byStatus.computeIfAbsent(status, first -> new LongAdder()).increment();
    }

    /** The metrics in Prometheus's text format; the gauges come from admission control. */
    public String text(Admission admission) {
        StringBuilder text = new StringBuilder("""
                # HELP internvl_http_responses_total Responses by HTTP status
                # TYPE internvl_http_responses_total counter
                """);
        byStatus.forEach((status, count) -> text.append("internvl_http_responses_total{status=\"")
                .append(status)
                .append("\"} ")
                .append(count.sum())
                .append('\n'));
        gauge(text, "internvl_http_requests_inside", "Admitted requests, queued or being answered", admission.active());
        gauge(text, "internvl_http_requests_reading", "Requests whose bodies are being read", admission.reading());
        return text.toString();
    }

    private static void gauge(StringBuilder text, String name, String help, int value) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(" gauge\n");
        text.append(name).append(' ').append(value).append('\n');
    }
}
