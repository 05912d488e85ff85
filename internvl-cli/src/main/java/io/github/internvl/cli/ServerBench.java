package io.github.internvl.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.internvl.InternVLException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * {@code internvl bench --server}: latency and throughput for many clients of a server. Requests arrive at random at a given rate, or
 * each as soon as an earlier one has ended. All ask for the same number of tokens and are streamed.
 */
final class ServerBench {
    private static final double[] PERCENTILES = {50, 95, 99};

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "Measure this server instead of a local model; its API key comes from $INTERNVL_API_KEY.")
    private @Nullable URI server;

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            description = "Server: maximum number of concurrent requests. Default: 8.")
    private int concurrency = 8;

    @Option(names = "--requests", paramLabel = "N", description = "Server: total number of requests. Default: 100.")
    private int requests = 100;

    @Option(
            names = "--rate",
            paramLabel = "R",
            description = "Server: requests per second, at random times. Default: as fast as --concurrency allows.")
    private double rate = Double.POSITIVE_INFINITY;

    @Option(names = "--max-new-tokens", paramLabel = "N", description = "Server: tokens per answer. Default: 64.")
    private int tokens = 64;

    @Option(names = "--prompt", paramLabel = "TEXT", description = "Server: the question.")
    private String prompt = "Please describe the image in detail.";

    /** The times of one request in seconds; empty if it failed. */
    private record Request(
            double first,
            double whole,
            List<Double> gaps,
            int tokens,
            @Nullable String failure) {}

    boolean isSelected() {
        return server != null;
    }

    /** Measures and prints the results; returns 1 if a request failed, else 0. */
    int run(@Nullable Path picture, boolean json, Terminal terminal) throws IOException {
        if (server == null || concurrency < 1 || requests < 1 || !(rate > 0)) {
            throw new IllegalArgumentException("--concurrency and --requests must be at least 1, --rate above 0");
        }
        ServerClient client = new ServerClient(server);
        String model = client.model();
        JsonElement part = picture == null ? null : ServerClient.part("image_url", picture.toString());
        ask(client, part, -1);
        long start = System.nanoTime();
        List<Request> all = requests(client, part);
        double seconds = (System.nanoTime() - start) / 1e9;
        Map<String, Object> results = results(all, seconds);
        results.put("model", model);
        if (json) {
            terminal.out()
                    .println(new GsonBuilder().disableHtmlEscaping().create().toJson(results));
        } else {
            results.forEach((name, value) -> terminal.out().printf(Locale.ROOT, "%-26s %s%n", name, value));
        }
        all.stream()
                .map(Request::failure)
                .filter(failure -> failure != null)
                .distinct()
                .limit(5)
                .forEach(failure -> terminal.err().println("internvl: " + failure));
        return all.stream().anyMatch(request -> request.failure() != null) ? 1 : 0;
    }

    private List<Request> requests(ServerClient client, @Nullable JsonElement part) {
        ExecutorService clients = Executors.newFixedThreadPool(concurrency);
        List<Future<Request>> sent = new ArrayList<>();
        Random arrivals = new Random(1);
        try {
            for (int i = 0; i < requests; i++) {
                int number = i;
                sent.add(clients.submit(() -> ask(client, part, number)));
                if (Double.isFinite(rate)) {
                    Thread.sleep((long) (-Math.log(1 - arrivals.nextDouble()) / rate * 1000));
                }
            }
            List<Request> ended = new ArrayList<>();
            for (Future<Request> request : sent) {
                ended.add(request.get());
            }
            return ended;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InternVLException("the benchmark was interrupted", e);
        } catch (ExecutionException e) {
            throw new InternVLException("a client failed: " + e.getCause(), e);
        } finally {
            clients.shutdownNow();
        }
    }

    private Request ask(ServerClient client, @Nullable JsonElement part, int number) {
        JsonArray content = new JsonArray();
        if (part != null) {
            content.add(part);
        }
        content.add(ServerClient.words(number + ". " + prompt)); // a unique prefix, so that no cache helps
        JsonObject message = new JsonObject();
        message.addProperty("role", "user");
        message.add("content", content);
        JsonArray messages = new JsonArray();
        messages.add(message);
        JsonObject body = new JsonObject();
        body.add("messages", messages);
        body.addProperty("max_tokens", tokens);
        body.add("ignore_eos", new JsonPrimitive(true));
        List<Double> moments = new ArrayList<>();
        long start = System.nanoTime();
        try {
            ServerClient.Answer answer = client.stream(body, piece -> moments.add((System.nanoTime() - start) / 1e9));
            double whole = (System.nanoTime() - start) / 1e9;
            List<Double> gaps = new ArrayList<>();
            for (int i = 1; i < moments.size(); i++) {
                gaps.add(moments.get(i) - moments.get(i - 1));
            }
            int generated = answer.usage() == null
                    ? moments.size()
                    : answer.usage().get("completion_tokens").getAsInt();
            return new Request(moments.isEmpty() ? whole : moments.get(0), whole, gaps, generated, null);
        } catch (InternVLException e) {
            return new Request(0, 0, List.of(), 0, String.valueOf(e.getMessage()));
        }
    }

    private Map<String, Object> results(List<Request> all, double seconds) {
        List<Request> answered =
                all.stream().filter(request -> request.failure() == null).toList();
        int generated = answered.stream().mapToInt(Request::tokens).sum();
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("requests", all.size());
        results.put("failed", all.size() - answered.size());
        results.put("concurrency", concurrency);
        results.put("seconds", Units.rounded(seconds));
        results.put("requests_per_second", Units.rounded(answered.size() / seconds));
        results.put("tokens_per_second", Units.rounded(generated / seconds));
        add(results, "first_token_ms", answered.stream().map(Request::first).toList());
        add(
                results,
                "per_token_ms",
                answered.stream()
                        .filter(request -> request.tokens() > 1)
                        .map(request -> (request.whole() - request.first()) / (request.tokens() - 1))
                        .toList());
        add(
                results,
                "between_pieces_ms",
                answered.stream().flatMap(request -> request.gaps().stream()).toList());
        add(results, "whole_ms", answered.stream().map(Request::whole).toList());
        return results;
    }

    private static void add(Map<String, Object> results, String name, List<Double> seconds) {
        if (seconds.isEmpty()) {
            return;
        }
        List<Double> sorted = new ArrayList<>(seconds);
        Collections.sort(sorted);
        double mean = sorted.stream().mapToDouble(Double::doubleValue).average().orElse(0);
        results.put(name + "_mean", Units.rounded(mean * 1000));
        for (double percent : PERCENTILES) {
            int rank = (int) Math.ceil(percent / 100 * sorted.size()) - 1;
            results.put(name + "_p" + (int) percent, Units.rounded(sorted.get(Math.max(rank, 0)) * 1000));
        }
    }
}
