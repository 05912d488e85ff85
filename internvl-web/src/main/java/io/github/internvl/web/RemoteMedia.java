package io.github.internvl.web;

import io.github.internvl.web.RemoteMediaException.Reason;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.ConnectionPool;
import okhttp3.ConnectionSpec;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;

/**
 * A policy for fetching files from the web that makes it safe to follow an address that a stranger wrote. No part of this
 * library fetches by itself: a program creates a policy and names the hosts.
 *
 * <p>The rules: only http and https, only hosts that are allowed by name, only public addresses. All addresses of a name are
 * checked, and the connection goes to one of these, so that the name cannot lead elsewhere a moment later. The same holds
 * after each redirect, and https never redirects to http. The size is checked as announced and as read; compressed responses
 * are rejected. The time limit covers the whole fetch. Certificates and their names are checked by the trust store that Java
 * is set up with. Proxies are not used, and no cookies or credentials are sent.
 *
 * <p>Immutable and safe for use by several threads. A fetch takes a thread of its own until it ends. Connections are neither
 * kept nor shared, and there is nothing to close.
 */
public final class RemoteMedia {
    /** A resolver of host names. */
    interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    private static final ConnectionSpec AS_JAVA_IS_SET_UP = new ConnectionSpec.Builder(ConnectionSpec.MODERN_TLS)
            .allEnabledTlsVersions()
            .allEnabledCipherSuites()
            .build();

    private final AllowedHosts hosts;
    private final long maxBytes;
    private final Duration timeout;
    private final int maxRedirects;
    private final Resolver resolver;
    private final OkHttpClient client;

    private RemoteMedia(Builder builder) {
        hosts = new AllowedHosts(List.copyOf(builder.rules), builder.any);
        maxBytes = builder.maxBytes;
        timeout = builder.timeout;
        maxRedirects = builder.maxRedirects;
        resolver = builder.resolver;
        client = new OkHttpClient.Builder()
                .sslSocketFactory(builder.sockets, trustManager())
                .connectionSpecs(List.of(AS_JAVA_IS_SET_UP, ConnectionSpec.CLEARTEXT))
                .protocols(List.of(Protocol.HTTP_1_1))
                .connectionPool(new ConnectionPool(0, 1, TimeUnit.NANOSECONDS))
                .proxy(Proxy.NO_PROXY)
                .followRedirects(false)
                .followSslRedirects(false)
                .retryOnConnectionFailure(false)
                .fastFallback(false)
                .readTimeout(Duration.ZERO)
                .writeTimeout(Duration.ZERO)
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

    /** A builder. At least one of its rules must allow a host. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Fetches the bytes of a file; the calling thread waits.
     *
     * @throws RemoteMediaException if the address or the response breaks a rule, or the host cannot be reached
     */
    public byte[] fetch(URI address) {
        try (RemoteFetch fetch = new RemoteFetch(this)) {
            FutureTask<byte[]> task = new FutureTask<>(() -> fetch.run(address));
            Thread thread = new Thread(task, "internvl-fetch");
            thread.setDaemon(true);
            thread.setContextClassLoader(RemoteMedia.class.getClassLoader());
            thread.start();
            return task.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw failure(
                    address,
                    Reason.TOO_SLOW,
                    "fetching must take at most " + timeout + ": it took longer; try again or raise"
                            + " RemoteMedia.Builder.timeout",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure(address, Reason.INTERRUPTED, "fetching ended: its thread was interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RemoteMediaException cause) {
                throw new RemoteMediaException(cause.reason(), String.valueOf(cause.getMessage()), cause);
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException("fetching failed in a way that it must not", e.getCause());
        }
    }

    private static RemoteMediaException failure(URI address, Reason reason, String message, Exception cause) {
        return WebAddress.of(address).failure(reason, message, cause);
    }

    AllowedHosts hosts() {
        return hosts;
    }

    /** Most bytes of a file. */
    public long maxBytes() {
        return maxBytes;
    }

    Duration timeout() {
        return timeout;
    }

    int maxRedirects() {
        return maxRedirects;
    }

    Resolver resolver() {
        return resolver;
    }

    /** The client without the name resolution and the sockets, which each request brings along. */
    OkHttpClient client() {
        return client;
    }

    /** A builder of a {@link RemoteMedia}. For one thread. */
    public static final class Builder {
        private static final Duration MOST_TIME = Duration.ofHours(1);

        private final List<AllowedHosts.Rule> rules = new ArrayList<>();
        private boolean any;
        private long maxBytes = 64 << 20;
        private Duration timeout = Duration.ofSeconds(30);
        private int maxRedirects = 3;
        private Resolver resolver = InetAddress::getAllByName;
        private SSLSocketFactory sockets = (SSLSocketFactory) SSLSocketFactory.getDefault();

        private Builder() {}

        /**
         * Allows a host: {@code images.example.com}, or {@code *.example.com} for all names below that one. The port must be
         * the usual one of http or https, unless the rule names another ({@code images.example.com:8443}), which is then the
         * only one. IPv6 addresses stand in brackets.
         */
        public Builder allowHost(String host) {
            rules.add(AllowedHosts.Rule.of(host, false));
            return this;
        }

        /**
         * Allows a host, written as for {@link #allowHost}, that may be in a private network or this machine. Link-local
         * and multicast addresses and the metadata services of clouds stay forbidden.
         */
        public Builder allowPrivateHost(String host) {
            rules.add(AllowedHosts.Rule.of(host, true));
            return this;
        }

        /** Allows every host that has public addresses only, on the usual ports. */
        public Builder allowAnyHost() {
            any = true;
            return this;
        }

        /** Sets the most bytes of a file, 1..2,147,483,639; 64 MiB by default. They are kept on the Java heap. */
        public Builder maxBytes(long limit) {
            if (limit < 1 || limit > Integer.MAX_VALUE - 8) {
                throw new IllegalArgumentException("maxBytes must be 1.." + (Integer.MAX_VALUE - 8) + ": " + limit);
            }
            maxBytes = limit;
            return this;
        }

        /** Sets the longest time of a whole fetch, from the name lookup to the last byte; 30 seconds by default. */
        public Builder timeout(Duration limit) {
            if (limit.isNegative() || limit.isZero() || limit.compareTo(MOST_TIME) > 0) {
                throw new IllegalArgumentException("timeout must be above 0 and at most " + MOST_TIME + ": " + limit);
            }
            timeout = limit;
            return this;
        }

        /** Sets the most redirects that are followed, 0..20; 3 by default. */
        public Builder maxRedirects(int limit) {
            if (limit < 0 || limit > 20) {
                throw new IllegalArgumentException("maxRedirects must be 0..20: " + limit);
            }
            maxRedirects = limit;
            return this;
        }

        Builder resolver(Resolver names) {
            resolver = names;
            return this;
        }

        Builder sockets(SSLSocketFactory factory) {
            sockets = factory;
            return this;
        }

        /** Builds the policy. */
        public RemoteMedia build() {
            if (rules.isEmpty() && !any) {
                throw new IllegalArgumentException("a host must be allowed: none is; call allowHost or allowAnyHost");
            }
            return new RemoteMedia(this);
        }
    }
}
