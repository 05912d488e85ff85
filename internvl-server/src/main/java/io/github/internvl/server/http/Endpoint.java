package io.github.internvl.server.http;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The address that a server listens on.
 *
 * @param host address of this machine
 * @param port TCP port, 0 for any free one
 * @param certificate switches TLS on
 */
public record Endpoint(String host, int port, Optional<Certificate> certificate) {
    /** The PEM files of a certificate chain and of its private key. */
    public record Certificate(Path chain, Path key) {}
}
