package io.github.internvl.vision;

import io.github.internvl.vision.RemoteMediaException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.Security;
import java.time.Duration;
import java.util.Set;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * One fetch, from the address given to the last redirect. {@link #close} from another thread ends it at once.
 *
 * <p>A name is resolved once for a connection: the addresses that come back are checked, all of them, and one of these is
 * connected to, so that no second answer of a name server can lead elsewhere. Proxies are not used, since they would
 * resolve by themselves.
 */
final class RemoteFetch implements AutoCloseable {
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private final RemoteMedia rules;
    private final long end;
    private @Nullable Socket socket;
    private boolean closed;

    RemoteFetch(RemoteMedia rules) {
        this.rules = rules;
        this.end = System.nanoTime() + rules.timeout().toNanos();
    }

    byte[] run(URI uri) {
        WebAddress address = WebAddress.of(uri);
        for (int redirects = 0; ; redirects++) {
            rules.hosts().check(address);
            try (Socket connection = secured(address, connect(address))) {
                HttpAnswer answer = HttpAnswer.get(address, connection);
                if (answer.status() == 200) {
                    return answer.body(rules.maxBytes());
                }
                address = redirect(address, answer, redirects);
            } catch (SSLException e) {
                throw address.failure(
                        Reason.INSECURE,
                        "the connection must be safe: " + e.getMessage()
                                + (Security.getProviders("KeyPairGenerator.EC") == null
                                        ? "; add the module jdk.crypto.ec to this Java, which most servers need"
                                        : "; check the certificate of the host"),
                        e);
            } catch (IOException e) {
                throw address.failure(Reason.UNREACHABLE, "the host must be reachable: " + e + "; try again later", e);
            }
        }
    }

    private WebAddress redirect(WebAddress from, HttpAnswer answer, int redirects) {
        if (!REDIRECTS.contains(answer.status())) {
            throw from.failure(
                    Reason.BAD_STATUS,
                    "the answer must have status 200: " + answer.status() + "; check the address",
                    null);
        }
        String location = answer.header("Location")
                .orElseThrow(() -> from.failure(Reason.BAD_ANSWER, "a redirect must say where to: it does not", null));
        if (redirects == rules.maxRedirects()) {
            throw from.failure(
                    Reason.TOO_MANY_REDIRECTS,
                    "there must be at most " + redirects + " redirects: here comes another; give the last address",
                    null);
        }
        return from.redirect(location);
    }

    private Socket connect(WebAddress address) throws IOException {
        InetAddress[] candidates = resolve(address);
        IOException failure = new UnknownHostException(address.plainHost());
        for (int i = 0; i < candidates.length; i++) {
            Socket plain = open();
            try {
                long left = Duration.ofNanos(end - System.nanoTime()).toMillis() / (candidates.length - i);
                int patience = (int) Math.max(1, Math.min(left, Integer.MAX_VALUE));
                plain.connect(new InetSocketAddress(candidates[i], address.port()), patience);
                return plain;
            } catch (IOException e) {
                plain.close();
                failure = e;
            }
        }
        throw failure;
    }

    private InetAddress[] resolve(WebAddress address) throws UnknownHostException {
        InetAddress[] found = rules.resolver().resolve(address.plainHost());
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

    private Socket secured(WebAddress address, Socket plain) throws IOException {
        if (!address.secure()) {
            return plain;
        }
        SSLSocketFactory factory = rules.sockets();
        SSLSocket secure = (SSLSocket) factory.createSocket(plain, address.plainHost(), address.port(), true);
        SSLParameters parameters = secure.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        secure.setSSLParameters(parameters);
        secure.startHandshake();
        return secure;
    }

    private synchronized Socket open() throws IOException {
        if (closed) {
            throw new SocketException("closed");
        }
        socket = new Socket(Proxy.NO_PROXY);
        return socket;
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        if (socket != null) {
            socket.close();
        }
    }
}
