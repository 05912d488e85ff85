package io.github.internvl.cli;

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
 * {@code internvl bench --server}: what many clients of a server get. Requests come at random moments at a rate, or as soon as
 * another one has ended; each asks for the same number of tokens, and all are streamed.
 */
final class ServerBench {
    private static final double[] PERCENTILES = {50, 95, 99};

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "Measure what clients of this server get, instead of a model here; its key is in "
                    + "$INTERNVL_API_KEY.")
    private @Nullable URI server;

    @Option(names = "--concurrency", paramLabel = "N", description = "Of a server: requests at once, at most: 8.")
    private int concurrency = 8;

    @Option(names = "--requests", paramLabel = "N", description = "Of a server: requests in all: 100.")
    private int requests = 100;

    @Option(
            names = "--rate",
            paramLabel = "R",
            description =
                    "Of a server: requests a second, at random moments; without it as fast as --concurrency lets.")
    private double rate = Double.POSITIVE_INFINITY;

    @Option(names = "--max-new-tokens", paramLabel = "N", description = "Of a server: tokens of each answer: 64.")
    private int tokens = 64;

    @Option(names = "--prompt", paramLabel = "TEXT", description = "Of a server: the question.")
    private String prompt = "Please describe the image in detail.";

    /** The times of one request, in seconds; empty if it failed. */
    private record Request(
            double first,
            double whole,
            List<Double> gaps,
            int tokens,
            @Nullable String failure) {}

    boolean isWanted() {
        return server != null;
    }

    /** Measures, and writes the figures; 1 if a request failed, else 0. */
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
        JsonObject figures = figures(all, seconds);
        figures.addProperty("model", model);
        if (json) {
            terminal.out().println(figures);
        } else {
            for (Map.Entry<String, JsonElement> figure : figures.entrySet()) {
                terminal.out()
                        .printf(
                                Locale.ROOT,
                                "%-26s %s%n",
                                figure.getKey(),
                                figure.getValue().getAsString());
            }
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
            throw new InternVLException("interrupted while measuring", e);
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
        content.add(ServerClient.words(number + ". " + prompt)); // a prompt that none before began with
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

    private JsonObject figures(List<Request> all, double seconds) {
        List<Request> answered =
                all.stream().filter(request -> request.failure() == null).toList();
        int generated = answered.stream().mapToInt(Request::tokens).sum();
        JsonObject figures = new JsonObject();
        figures.addProperty("requests", all.size());
        figures.addProperty("failed", all.size() - answered.size());
        figures.addProperty("concurrency", concurrency);
        figures.addProperty("seconds", rounded(seconds));
        figures.addProperty("requests_per_second", rounded(answered.size() / seconds));
        figures.addProperty("tokens_per_second", rounded(generated / seconds));
        add(figures, "first_token_ms", answered.stream().map(Request::first).toList());
        add(
                figures,
                "per_token_ms",
                answered.stream()
                        .filter(request -> request.tokens() > 1)
                        .map(request -> (request.whole() - request.first()) / (request.tokens() - 1))
                        .toList());
        add(
                figures,
                "between_pieces_ms",
                answered.stream().flatMap(request -> request.gaps().stream()).toList());
        add(figures, "whole_ms", answered.stream().map(Request::whole).toList());
        return figures;
    }

    private static void add(JsonObject figures, String name, List<Double> seconds) {
        if (seconds.isEmpty()) {
            return;
        }
        List<Double> sorted = new ArrayList<>(seconds);
        Collections.sort(sorted);
        double mean = sorted.stream().mapToDouble(Double::doubleValue).average().orElse(0);
        figures.addProperty(name + "_mean", rounded(mean * 1000));
        for (double percent : PERCENTILES) {
            int rank = (int) Math.ceil(percent / 100 * sorted.size()) - 1;
            figures.addProperty(name + "_p" + (int) percent, rounded(sorted.get(Math.max(rank, 0)) * 1000));
        }
    }

    /** Four significant digits: more are noise. */
    private static double rounded(double value) {
        return Double.parseDouble(String.format(Locale.ROOT, "%.4g", value));
    }
}
