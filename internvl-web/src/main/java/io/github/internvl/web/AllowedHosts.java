package io.github.internvl.web;

import io.github.internvl.web.RemoteMediaException.Reason;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The hosts that may be fetched from: the hosts named by a rule, or any host on the usual ports. */
record AllowedHosts(List<Rule> rules, boolean any) {
    private static final Pattern RULE =
            Pattern.compile("(\\*\\.)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\\[[0-9a-f:.]+])(?::(\\d{1,5}))?");
    private static final int USUAL_PORT = -1;

    /**
     * A rule for hosts by name.
     *
     * @param below whether the rule covers all names below this one, and not the name itself
     * @param port the only port, or -1 for that of the scheme
     * @param isPrivate whether the host may be in a private network
     */
    record Rule(String host, boolean below, int port, boolean isPrivate) {
        /** Reads {@code host}, {@code *.domain}, {@code host:port} or {@code [IPv6 address]:port}. */
        static Rule of(String text, boolean isPrivate) {
            Matcher rule = RULE.matcher(text.toLowerCase(Locale.ROOT));
            if (!rule.matches()) {
                throw new IllegalArgumentException(
                        "a host must be a name such as images.example.com, *.example.com or images.example.com:8443: "
                                + text);
            }
            int port = rule.group(3) == null ? USUAL_PORT : Integer.parseInt(rule.group(3));
            return new Rule(rule.group(2), rule.group(1) != null, port, isPrivate);
        }

        private boolean covers(WebAddress address) {
            boolean named =
                    below ? address.host().endsWith("." + host) : address.host().equals(host);
            return named && (port == USUAL_PORT ? address.hasUsualPort() : address.port() == port);
        }
    }

    /** Rejects an address that no rule covers. */
    void check(WebAddress address) {
        if (!(any && address.hasUsualPort()) && rules.stream().noneMatch(rule -> rule.covers(address))) {
            throw address.failure(
                    Reason.NOT_ALLOWED,
                    "a host must be allowed: " + address.hostAndPort() + " is not; RemoteMedia.Builder.allowHost does",
                    null);
        }
    }

    /** Whether the host of the address may be in a private network. */
    boolean mayBePrivate(WebAddress address) {
        return rules.stream().anyMatch(rule -> rule.isPrivate() && rule.covers(address));
    }
}
