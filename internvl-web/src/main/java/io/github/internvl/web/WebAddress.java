package io.github.internvl.web;

import io.github.internvl.web.RemoteMediaException.Reason;
import java.net.URI;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An address that can be fetched: http or https, a host and a port, without credentials.
 *
 * @param host in lower case; an IPv6 address in brackets
 * @param port the port to connect to, also if the address omits it
 */
record WebAddress(URI uri, boolean secure, String host, int port) {
    private static final int HTTP = 80;
    private static final int HTTPS = 443;
    private static final int MOST_WORDS = 200;

    /** Parses an address. Rejects one that names no host or carries credentials. */
    static WebAddress of(URI given) {
        String scheme = given.getScheme() == null ? "" : given.getScheme().toLowerCase(Locale.ROOT);
        boolean secure = scheme.equals("https");
        if (!secure && !scheme.equals("http")) {
            String remedy = scheme.equals("data") ? "; Image.ofDataUrl decodes data: URLs" : "";
            throw refused(given, "an address must begin with http: or https:" + remedy);
        }
        URI uri = URI.create(given.toASCIIString());
        if (uri.getRawUserInfo() != null
                || (uri.getRawAuthority() != null && uri.getRawAuthority().contains("@"))) {
            throw refused(given, "an address must hold no user name and password; leave them out");
        }
        if (uri.getHost() == null) {
            throw refused(given, "an address must name a host of letters, digits, dots and hyphens (xn-- for others)");
        }
        int port = uri.getPort() < 0 ? (secure ? HTTPS : HTTP) : uri.getPort();
        return new WebAddress(uri, secure, withoutLastDot(uri.getHost().toLowerCase(Locale.ROOT)), port);
    }

    private static String withoutLastDot(String host) {
        return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    }

    /** The target of a redirect from this address; never from https to http. */
    WebAddress redirect(String location) {
        URI target;
        try {
            target = uri.resolve(location);
        } catch (IllegalArgumentException e) {
            throw failure(Reason.BAD_RESPONSE, "a redirect must lead to an address: it does not", e);
        }
        WebAddress next = of(target);
        if (secure && !next.secure) {
            throw next.failure(
                    Reason.NOT_ALLOWED, "https must not redirect to http; give the address of the file", null);
        }
        return next;
    }

    boolean hasUsualPort() {
        return port == (secure ? HTTPS : HTTP);
    }

    /** The host as a resolver and a certificate name it. */
    String plainHost() {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /** The path of the request, without the query. */
    String path() {
        return uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    }

    String hostAndPort() {
        return hasUsualPort() ? host : host + ":" + port;
    }

    RemoteMediaException failure(Reason reason, String message, @Nullable Throwable cause) {
        return new RemoteMediaException(reason, this + ": " + message, cause);
    }

    private static RemoteMediaException refused(URI uri, String message) {
        String scheme = uri.getScheme() == null ? "no scheme" : uri.getScheme() + ":...";
        return new RemoteMediaException(Reason.NOT_ALLOWED, message + " (" + scheme + ")", null);
    }

    /** The address without its query. */
    @Override
    public String toString() {
        String text = (secure ? "https://" : "http://") + hostAndPort() + uri.getRawPath();
        return text.length() <= MOST_WORDS ? text : text.substring(0, MOST_WORDS) + "...";
    }
}
