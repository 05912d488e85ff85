package io.github.internvl.tests.attack;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * How a server under attack is started.
 *
 * @param name its name in reports
 * @param jvm options of its JVM
 * @param arguments options of {@code internvl serve}
 * @param environment variables beside those of this process
 */
record Setup(String name, List<String> jvm, List<String> arguments, Map<String, String> environment) {
    /** A key that a server with keys takes. */
    static final String KEY = "s3cret";

    private static final List<String> HEAP = List.of("-Xmx1g");

    /** The server as it starts without options, with the heap of a small container. */
    static final Setup PLAIN = new Setup("plain", HEAP, List.of(), Map.of());

    /** A server that takes two keys. */
    static final Setup KEYED = new Setup("keyed", HEAP, List.of(), Map.of("INTERNVL_API_KEYS", KEY + ",other"));

    /** A server that takes two keys, and a few requests of each in a minute. */
    static final Setup LIMITED = KEYED.with("limited", "--requests-per-minute", "6");

    /** A server that answers the pages of one origin. */
    static final Setup CORS = PLAIN.with("cors", "--allow-origin", "https://ok.example");

    /** A server that gives a request five seconds. */
    static final Setup HURRIED = PLAIN.with("hurried", "--timeout", "5");

    /** A server that fetches from a host whose name leads to private addresses, by a file of names in the folder. */
    static Setup fetching(String hostsFile) {
        Setup open = PLAIN.with("fetching", "--allow-host", "*.example.com", "--allow-host", "[::1]:1");
        return open.withJvm(open.name(), "-Djdk.net.hosts.file=" + hostsFile);
    }

    /** A server that believes in so many processors. */
    static Setup processors(int count) {
        return PLAIN.withJvm(count + " processors", "-XX:ActiveProcessorCount=" + count);
    }

    /** This server with more options. */
    Setup with(String other, String... more) {
        return new Setup(other, jvm, appended(arguments, more), environment);
    }

    private Setup withJvm(String other, String... more) {
        return new Setup(other, appended(jvm, more), arguments, environment);
    }

    private static List<String> appended(List<String> first, String... more) {
        List<String> all = new ArrayList<>(first);
        Collections.addAll(all, more);
        return List.copyOf(all);
    }

    /** The header that lets a request in; empty where none is needed. */
    String authorization() {
        return environment.isEmpty() ? "" : "Bearer " + KEY;
    }
}
