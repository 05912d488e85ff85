package io.github.internvl.hub;

import java.io.IOException;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Security;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.Call;
import okhttp3.Connection;
import okhttp3.ConnectionSpec;
import okhttp3.EventListener;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okio.AsyncTimeout;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests and sorts the responses into successes, transient failures and refusals. OkHttp carries them: proxies,
 * timeouts, connection reuse and the detection of truncated bodies are its own. Redirects are followed here, so that the
 * token is sent to the hub only and https never falls back to http. Thread-safe.
 */
final class HubClient {
    private static final Duration CONNECT = Duration.ofSeconds(10);

    private static final String CONTACT = "internvl.hub.contact";

    private static final int MOST_REDIRECTS = 10;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> TRANSIENT = Set.of(408, 429, 500, 502, 503, 504);
    private static final Pattern SECONDS = Pattern.compile("\\d{1,6}");
    private static final Pattern RATE_LIMIT_RESET = Pattern.compile("\\bt=(\\d{1,6})\\b");

    private static final ConnectionSpec AS_JAVA_IS_SET_UP = new ConnectionSpec.Builder(ConnectionSpec.MODERN_TLS)
            .allEnabledTlsVersions()
            .allEnabledCipherSuites()
            .build();

    private final HubSettings settings;
    private final Duration silence;
    private final OkHttpClient client;
    private final Set<Call> calls = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean reached = new AtomicBoolean();

    /** Makes a client whose responses fail when nothing arrives for {@code silence}. */
    HubClient(HubSettings settings, Duration silence) {
        this.settings = settings;
        this.silence = silence;
        Duration contact = contact();
        this.client = new OkHttpClient.Builder()
                .protocols(List.of(Protocol.HTTP_1_1)) // a connection per file
                .connectTimeout(contact.compareTo(CONNECT) > 0 ? contact : CONNECT)
                .readTimeout(silence)
                .eventListener(new EventListener() {
                    @Override
                    public void secureConnectStart(Call call) {
                        reached.set(true);
                    }

                    @Override
                    public void connectionAcquired(Call call, Connection connection) {
                        reached.set(true);
                    }
                })
                .sslSocketFactory((SSLSocketFactory) SSLSocketFactory.getDefault(), trustManager())
                .connectionSpecs(List.of(AS_JAVA_IS_SET_UP, ConnectionSpec.CLEARTEXT))
                .followRedirects(false)
                .followSslRedirects(false)
                .retryOnConnectionFailure(false) // RetryPolicy retries
                .build();
    }

    /** The trust manager of Java's default, for the client's own bookkeeping; the socket factory decides on trust. */
    private static X509TrustManager trustManager() {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509TrustManager found) {
                    return found;
                }
            }
            throw new IllegalStateException("Java must be set up with an X.509 trust manager: it has none");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Java's trust store must be readable: " + e.getMessage(), e);
        }
    }

    /** Fetches a file from a byte on; the status is 200, 206, or 416 where the file has no such byte. */
    HubResponse get(String thing, URI uri, long from) throws TransientFailure {
        return send("GET", thing, uri, from);
    }

    /** Fetches the headers that the hub itself has for a file, not those of the storage it redirects to. */
    HubResponse head(String thing, URI uri) throws TransientFailure {
        return send("HEAD", thing, uri, 0);
    }

    /** The time limit of the first connection, after which there is no network: 4 s, or as the system property says. */
    static Duration contact() {
        String seconds = System.getProperty(CONTACT, "4");
        if (!seconds.matches("[1-9]\\d{0,3}")) {
            throw new DownloadException("the property " + CONTACT + " must be seconds, 1..9999: " + seconds);
        }
        return Duration.ofSeconds(Long.parseLong(seconds));
    }

    /** Whether a server has been connected to. */
    boolean hasReached() {
        return reached.get();
    }

    /** Cancels all calls, including those whose bodies are being read, and closes the connections. */
    void cancelAll() {
        calls.forEach(Call::cancel);
        client.connectionPool().evictAll();
    }

    private HubResponse send(String method, String thing, URI uri, long from) throws TransientFailure {
        URI target = uri;
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
            HubResponse response = exchange(thing, target, request(method, thing, target, from));
            boolean redirect = REDIRECTS.contains(response.status());
            boolean described =
                    method.equals("HEAD") && response.header("X-Linked-Etag").isPresent();
            if (!redirect || described) {
                return described ? response : checked(response, thing, target);
            }
            target = follow(response, thing, target);
        }
        throw new DownloadException(thing + ": more than " + MOST_REDIRECTS + " redirects from " + place(uri));
    }

    private Request request(String method, String thing, URI target, long from) {
        Request.Builder request = new Request.Builder()
                .method(method, null)
                .header("User-Agent", "internvl-java")
                .header("Accept-Encoding", "identity"); // sizes and ranges are those of the file itself
        if (settings.token() != null && sameServer(target, settings.endpoint())) {
            request.header("Authorization", "Bearer " + settings.token());
        }
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        try {
            return request.url(target.toString()).build();
        } catch (IllegalArgumentException e) {
            throw new DownloadException(thing + ": " + place(target) + " is not an address", e);
        }
    }

    private HubResponse exchange(String thing, URI target, Request request) throws TransientFailure {
        Call call = client.newCall(request);
        calls.add(call);
        if (Thread.currentThread().isInterrupted()) {
            call.cancel(); // cancelAll may have come before
        }
        HeaderDeadline deadline = new HeaderDeadline(call);
        deadline.timeout(silence.toMillis(), TimeUnit.MILLISECONDS);
        deadline.enter();
        boolean failed = true;
        try {
            HubResponse response = new HubResponse(call.execute(), () -> calls.remove(call));
            failed = false;
            return response;
        } catch (SSLException e) {
            throw new DownloadException(
                    thing + ": no safe connection to " + place(target) + ": " + e.getMessage()
                            + (Security.getProviders("KeyPairGenerator.EC") == null
                                    ? "; add the module jdk.crypto.ec to this Java, which most servers need"
                                    : "; check the clock, and the certificates of a proxy if there is one"),
                    e);
        } catch (IOException e) {
            String reason = deadline.exit()
                    ? " has sent no complete headers within " + silence.toMillis() / 1000.0 + " s"
                    : " cannot be reached: " + e;
            throw reached.get()
                    ? new TransientFailure(thing + ": " + place(target) + reason, e)
                    : TransientFailure.unreached(thing + ": " + place(target) + reason, e);
        } finally {
            deadline.exit();
            if (failed) {
                calls.remove(call);
            }
        }
    }

    /** The time limit until the headers are complete: a read timeout alone would allow a byte of them at a time. */
    private static final class HeaderDeadline extends AsyncTimeout {
        private final Call call;

        HeaderDeadline(Call call) {
            this.call = call;
        }

        @Override
        protected void timedOut() {
            call.cancel();
        }
    }

    private static URI follow(HubResponse response, String thing, URI from) {
        response.close();
        String location = response.header("Location").orElse("");
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

    private HubResponse checked(HubResponse response, String thing, URI target) throws TransientFailure {
        int status = response.status();
        if (status == 200 || status == 206 || status == 416) {
            return response;
        }
        response.close();
        String said = thing + ": " + place(target) + " answers " + status
                + response.header("X-Error-Message").map(HubClient::quoted).orElse("");
        if (TRANSIENT.contains(status)) {
            throw new TransientFailure(
                    status == 429 ? said + " (too many requests)" : said,
                    null,
                    retryAfter(response).orElse(null));
        }
        throw new DownloadException(
                said + "; " + remedy(status, response.header("X-Error-Code").orElse("")));
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

    private static Optional<Duration> retryAfter(HubResponse response) {
        Optional<String> after = response.header("Retry-After")
                .filter(value -> SECONDS.matcher(value).matches());
        return after.or(() -> response.header("RateLimit")
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
