package io.github.internvl.internal.hub;

import io.github.internvl.DownloadException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.Security;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests and sorts their answers: done, may pass, or refused. Redirects are followed here and not by the JDK,
 * so that the token goes to the hub alone and nothing is fetched less safely than it was asked for. Thread-safe.
 */
final class HubConnection {
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final int MOST_REDIRECTS = 10;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> PASSING = Set.of(408, 429, 500, 502, 503, 504);
    private static final Pattern SECONDS = Pattern.compile("\\d{1,6}");
    private static final Pattern RATE_LIMIT_RESET = Pattern.compile("\\bt=(\\d{1,6})\\b");

    private final HubSettings settings;
    private final Duration silence;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1) // a connection for each file
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    HubConnection(HubSettings settings, Duration silence) {
        this.settings = settings;
        this.silence = silence;
    }

    /** Fetches from a byte on; the answer is 200, 206, or 416 where there is nothing from that byte on. */
    Answer get(String thing, URI uri, long from) throws PassingFailure, InterruptedException {
        return send("GET", thing, uri, from);
    }

    /** Asks for the headers that the hub itself has for a file, not those of the storage it redirects to. */
    Answer head(String thing, URI uri) throws PassingFailure, InterruptedException {
        return send("HEAD", thing, uri, 0);
    }

    private Answer send(String method, String thing, URI uri, long from) throws PassingFailure, InterruptedException {
        URI target = uri;
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
            Answer answer = new Answer(exchange(method, thing, target, from), silence);
            boolean redirect = REDIRECTS.contains(answer.status());
            boolean told =
                    method.equals("HEAD") && answer.header("X-Linked-Etag").isPresent();
            if (!redirect || told) {
                return told ? answer : checked(answer, thing, target);
            }
            target = follow(answer, thing, target);
        }
        throw new DownloadException(thing + ": more than " + MOST_REDIRECTS + " redirects from " + place(uri));
    }

    private HttpResponse<InputStream> exchange(String method, String thing, URI target, long from)
            throws PassingFailure, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(target)
                .method(method, BodyPublishers.noBody())
                .timeout(silence)
                .header("User-Agent", "internvl-java")
                .header("Accept-Encoding", "identity"); // sizes and ranges are those of the file itself
        if (settings.token() != null && sameServer(target, settings.endpoint())) {
            request.header("Authorization", "Bearer " + settings.token());
        }
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        try {
            return client.send(request.build(), BodyHandlers.ofInputStream());
        } catch (SSLException e) {
            throw new DownloadException(
                    thing + ": no safe connection to " + place(target) + ": " + e.getMessage()
                            + (Security.getProviders("KeyPairGenerator.EC") == null
                                    ? "; add the module jdk.crypto.ec to this Java, which most servers need"
                                    : "; check the clock, and the certificates of a proxy if there is one"),
                    e);
        } catch (IOException e) {
            throw new PassingFailure(thing + ": " + place(target) + " cannot be reached: " + e, e);
        }
    }

    private static URI follow(Answer answer, String thing, URI from) {
        answer.close();
        String location = answer.header("Location").orElse("");
        URI target;
        try {
            target = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new DownloadException(thing + ": " + place(from) + " redirects to what is no address", e);
        }
        boolean web = target.getHost() != null && Set.of("http", "https").contains(target.getScheme());
        if (location.isEmpty()
                || !web
                || (from.getScheme().equals("https") && !target.getScheme().equals("https"))) {
            throw new DownloadException(thing + ": " + place(from) + " redirects to where https cannot follow: "
                    + (location.isEmpty() ? "nowhere" : place(target)));
        }
        return target;
    }

    private Answer checked(Answer answer, String thing, URI target) throws PassingFailure {
        int status = answer.status();
        if (status == 200 || status == 206 || status == 416) {
            return answer;
        }
        answer.close();
        String said = thing + ": " + place(target) + " answers " + status
                + answer.header("X-Error-Message").map(HubConnection::quoted).orElse("");
        if (PASSING.contains(status)) {
            throw new PassingFailure(
                    status == 429 ? said + " (too many requests)" : said,
                    null,
                    wait(answer).orElse(null));
        }
        throw new DownloadException(
                said + "; " + remedy(status, answer.header("X-Error-Code").orElse("")));
    }

    private String remedy(int status, String code) {
        String token = settings.token() == null
                ? "set HF_TOKEN, or put a token into the file \"token\" in HF_HOME"
                : "check that the token is valid and may read it";
        return switch (status) {
            case 401 -> "either no such repository is there (check the name), or it is gated or private: " + token;
            case 403 -> "the repository is gated or private: ask for access on its page, and " + token;
            case 404 ->
                switch (code) {
                    case "RevisionNotFound" -> "check the revision: a branch, a tag, or a commit";
                    case "EntryNotFound" -> "the commit has no such file";
                    default -> "check the name and the revision, and HF_ENDPOINT if it is set";
                };
            default -> "check HF_ENDPOINT if it is set, and the proxy if there is one";
        };
    }

    private static Optional<Duration> wait(Answer answer) {
        Optional<String> after = answer.header("Retry-After")
                .filter(value -> SECONDS.matcher(value).matches());
        return after.or(() -> answer.header("RateLimit")
                        .map(RATE_LIMIT_RESET::matcher)
                        .filter(Matcher::find)
                        .map(found -> found.group(1)))
                .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)));
    }

    private static boolean sameServer(URI one, URI other) {
        return one.getScheme().equalsIgnoreCase(other.getScheme())
                && one.getHost().equalsIgnoreCase(other.getHost())
                && one.getPort() == other.getPort();
    }

    /** An address without its query, which may hold a signature. */
    private static String place(URI uri) {
        return uri.getScheme() + "://" + uri.getRawAuthority() + uri.getRawPath();
    }

    private static String quoted(@Nullable String message) {
        String text = String.valueOf(message).replaceAll("[^\\x20-\\x7e]", "?");
        return " (\"" + text.substring(0, Math.min(text.length(), 200)) + "\")";
    }
}
