package io.github.internvl.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class TlsTest {
    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    private Path folder;

    /** A key and a certificate of its own making, by the JDK's own tool. */
    private KeyStore store(String algorithm) throws GeneralSecurityException, IOException, InterruptedException {
        Path file = folder.resolve(algorithm + ".p12");
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Process process = new ProcessBuilder(
                        keytool,
                        "-genkeypair",
                        "-alias",
                        "a",
                        "-keyalg",
                        algorithm,
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=ip:127.0.0.1",
                        "-validity",
                        "9",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor()).isZero();
        return KeyStore.getInstance(file.toFile(), PASSWORD);
    }

    private Path pem(String kind, byte[] content) throws IOException {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return Files.writeString(
                folder.resolve(kind.replace(' ', '-') + ".pem"),
                "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n");
    }

    @Test
    void servesOverTls() throws Exception {
        for (String algorithm : List.of("RSA", "EC")) {
            KeyStore store = store(algorithm);
            Path certificate = pem("CERTIFICATE", store.getCertificate("a").getEncoded());
            Path key = pem("PRIVATE KEY", store.getKey("a", PASSWORD).getEncoded());
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("a", store.getCertificate("a"));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            HttpClient client = HttpClient.newBuilder().sslContext(context).build();
            try (Demo demo = Demo.start(options -> options.tls(certificate, key), model -> model)) {
                assertThat(demo.server.uri().getScheme()).isEqualTo("https");
                HttpRequest ask = demo.request("/v1/chat/completions")
                        .POST(HttpRequest.BodyPublishers.ofString(Demo.ask(
                                "\"Why?\"", "\"ignore_eos\": true", "\"max_tokens\": 4000", "\"stream\": true")))
                        .build();
                CompletableFuture<HttpResponse<Void>> leaving =
                        client.sendAsync(ask, HttpResponse.BodyHandlers.discarding());
                while (demo.model.stats().generatedTokens() == 0) {
                    Thread.sleep(5);
                }
                leaving.cancel(true);
                while (demo.model.stats().running() > 0) {
                    Thread.sleep(5);
                }
                HttpRequest health = HttpRequest.newBuilder(demo.uri("/health")).build();
                assertThat(client.send(health, HttpResponse.BodyHandlers.ofString())
                                .statusCode())
                        .isEqualTo(200);
            }
        }
    }
}
