package io.github.internvl.web;

import io.github.internvl.web.RemoteMediaException.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.Security;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLException;
import okhttp3.Call;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * One fetch, from the given address to the last redirect. {@link #close} from another thread ends it at once.
 *
 * <p>Each hop is a request of its own under all rules. Its host is resolved once: all addresses found are checked, and the
 * {@link GuardedSockets} of the hop connect to these alone, so that no second response of a name server can lead elsewhere.
 */
final class RemoteFetch implements AutoCloseable {
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private final RemoteMedia rules;
    private final long end;
    private @Nullable Call call;
    private boolean closed;

    RemoteFetch(RemoteMedia rules) {
        this.rules = rules;
        this.end = System.nanoTime() + rules.timeout().toNanos();
    }

    byte[] run(URI uri) {
        WebAddress address = WebAddress.of(uri);
        for (int redirects = 0; ; redirects++) {
            rules.hosts().check(address);
            GuardedSockets sockets = new GuardedSockets(List.of());
            try {
                List<InetAddress> addresses = resolve(address);
                sockets = new GuardedSockets(addresses);
                try (Response response =
                        open(client(sockets, addresses), request(address)).execute()) {
                    CheckedResponse checked = new CheckedResponse(address, response, sockets);
                    if (checked.status() == 200) {
                        return checked.body(rules.maxBytes());
                    }
                    address = redirect(address, checked, redirects, rules.maxRedirects());
                }
            } catch (IOException e) {
                throw failure(address, sockets, e);
            }
        }
    }

    private static WebAddress redirect(WebAddress from, CheckedResponse response, int redirects, int most) {
        if (!REDIRECTS.contains(response.status())) {
            throw from.failure(
                    Reason.BAD_STATUS,
                    "the response must have status 200: " + response.status() + "; check the address",
                    null);
        }
        String location = response.location()
                .orElseThrow(
                        () -> from.failure(Reason.BAD_RESPONSE, "a redirect must name its target: it does not", null));
        if (redirects == most) {
            throw from.failure(
                    Reason.TOO_MANY_REDIRECTS,
                    "a fetch must have at most " + redirects + " redirects: another follows; give the last address",
                    null);
        }
        return from.redirect(location);
    }

    private List<InetAddress> resolve(WebAddress address) throws UnknownHostException {
        List<InetAddress> found = List.of(rules.resolver().resolve(address.plainHost()));
        for (InetAddress candidate : found) {
            AddressKind kind = AddressKind.of(candidate);
            boolean allowed = switch (kind) {
                case PUBLIC -> true;
                case PRIVATE -> rules.hosts().mayBePrivate(address);
                case RESERVED -> false;
            };
            if (!allowed) {
                String remedy = kind == AddressKind.PRIVATE ? "; RemoteMedia.Builder.allowPrivateHost allows it" : "";
                throw address.failure(
                        Reason.PRIVATE_ADDRESS,
                        "a host must have public addresses only: one is private or reserved" + remedy,
                        null);
            }
        }
        return found;
    }

    /** The client of one hop, whose addresses share the time that is left. */
    private OkHttpClient client(GuardedSockets sockets, List<InetAddress> addresses) {
        Duration left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
        long patience = left.toMillis() / Math.max(1, addresses.size());
        return rules.client()
                .newBuilder()
                .dns(host -> addresses)
                .socketFactory(sockets)
                .connectTimeout(Duration.ofMillis(Math.max(1, Math.min(patience, Integer.MAX_VALUE))))
                .build();
    }

    /** A GET of the file as it is, on a connection for it alone. */
    private static Request request(WebAddress address) {
        try {
            HttpUrl url = new HttpUrl.Builder()
                    .scheme(address.secure() ? "https" : "http")
                    .host(address.plainHost())
                    .port(address.port())
                    .encodedPath(address.path())
                    .encodedQuery(address.uri().getRawQuery())
                    .build();
            return new Request.Builder()
                    .url(url)
                    .header("User-Agent", "internvl-java")
                    .header("Accept", "*/*")
                    .header("Accept-Encoding", "identity")
                    .header("Connection", "close")
                    .build();
        } catch (IllegalArgumentException e) {
            throw address.failure(Reason.NOT_ALLOWED, "an address must name a host that HTTP allows", e);
        }
    }

    private static RemoteMediaException failure(WebAddress address, GuardedSockets sockets, IOException e) {
        if (sockets.isFlooded()) {
            return address.failure(
                    Reason.BAD_RESPONSE,
                    "headers, and lines between chunks, must have at most " + GuardedSockets.MOST_IDLE_BYTES
                            + " bytes: they have more; get the file another way",
                    e);
        }
        if (e instanceof SSLException) {
            return address.failure(
                    Reason.INSECURE,
                    "the connection must be safe: " + e.getMessage()
                            + (Security.getProviders("KeyPairGenerator.EC") == null
                                    ? "; add the module jdk.crypto.ec to this Java, which most servers need"
                                    : "; check the certificate of the host"),
                    e);
        }
        if (e instanceof ProtocolException) {
            return address.failure(
                    Reason.BAD_RESPONSE,
                    "a response must be HTTP/1.1: it is not (" + e.getMessage() + "); get the file another way",
                    e);
        }
        if (e.getCause() instanceof EOFException) {
            return CheckedResponse.truncated(address, "inside the headers", e);
        }
        return address.failure(Reason.UNREACHABLE, "the host must be reachable: " + e + "; try again later", e);
    }

    private synchronized Call open(OkHttpClient client, Request request) throws IOException {
        if (closed) {
            throw new SocketException("closed");
        }
        Call opened = client.newCall(request);
        call = opened;
        return opened;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (call != null) {
            call.cancel();
        }
    }
}
