package io.github.internvl.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.internvl.web.RemoteMediaException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RemoteMediaTlsTest {
    private static final char[] PASSWORD = "password".toCharArray();
    private static final byte[] BYTES = "the bytes of a file".getBytes(StandardCharsets.US_ASCII);

    private static SSLContext keys;
    private static WebServer server;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("keys.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD),
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=right.example",
                        "-ext",
                        "SAN=dns:right.example,dns:*.right.example")
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(keytool.exitValue()).as(said).isZero();
        keys = context(KeyStore.getInstance(file.toFile(), PASSWORD));
        server = WebServer.https(keys).file("/file", BYTES).redirect("/plain", 302, "http://right.example/file");
    }

    private static SSLContext context(KeyStore store) throws GeneralSecurityException {
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(store, PASSWORD);
        TrustManagerFactory others = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        others.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), others.getTrustManagers(), null);
        return context;
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    @Test
    void asksTheHostByItsNameThoughItConnectsToAnAddress() {
        assertThat(trusting().fetch(address("right.example", "/file"))).isEqualTo(BYTES);
        assertThat(trusting().fetch(address("images.right.example", "/file"))).isEqualTo(BYTES);
        assertThat(server.requests).contains("right.example:" + server.port() + "/file");
    }

    @Test
    void refusesACertificateOfAnotherHost() {
        for (String host : new String[] {"wrong.example", "127.0.0.1"}) {
            RemoteMediaException failure = failure(trusting(), address(host, "/file"));
            assertThat(failure.reason()).isEqualTo(Reason.INSECURE);
            assertThat(failure).hasMessageStartingWith("https://" + host + ":" + server.port() + "/file: ");
        }
    }

    @Test
    void refusesACertificateThatNobodyTrusts() {
        RemoteMedia usual = media((SSLSocketFactory) SSLSocketFactory.getDefault());
        assertThat(failure(usual, address("right.example", "/file")).reason()).isEqualTo(Reason.INSECURE);
    }

    @Test
    void neverGoesFromHttpsToHttp() {
        RemoteMediaException failure = failure(trusting(), address("right.example", "/plain"));
        assertThat(failure.reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(failure).hasMessageContaining("https must not redirect to http");
    }

    private static RemoteMedia trusting() {
        return media(keys.getSocketFactory());
    }

    private static RemoteMedia media(SSLSocketFactory sockets) {
        return RemoteMedia.builder()
                .allowPrivateHost("*.example:" + server.port())
                .allowPrivateHost("127.0.0.1:" + server.port())
                .allowHost("right.example")
                .resolver(host -> InetAddress.getAllByName("127.0.0.1"))
                .sockets(sockets)
                .build();
    }

    private static URI address(String host, String path) {
        return URI.create("https://" + host + ":" + server.port() + path);
    }

    private static RemoteMediaException failure(RemoteMedia media, URI address) {
        return catchThrowableOfType(RemoteMediaException.class, () -> media.fetch(address));
    }
}
