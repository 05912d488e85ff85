package io.github.internvl.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.internvl.web.RemoteMediaException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteMediaTest {
    private static final byte[] BYTES = "the bytes of a file".getBytes(StandardCharsets.US_ASCII);

    private WebServer server;

    @BeforeEach
    void start() throws IOException {
        server = WebServer.http().file("/file", BYTES);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Test
    void fetchesAFileAsItIs() {
        assertThat(local().build().fetch(server.uri("/file?size=1&x=%20"))).isEqualTo(BYTES);
        assertThat(server.requests).containsExactly("127.0.0.1:" + server.port() + "/file?size=1&x=%20");
    }

    @ParameterizedTest
    @CsvSource({
        "file:///etc/passwd, must begin with http: or https:",
        "ftp://images.example.com/a.png, must begin with http: or https:",
        "photo.png, must begin with http: or https:",
        "'data:image/png;base64,xx', Image.ofDataUrl",
        "https://me:secret@images.example.com/a.png, must hold no user name",
        "https://images.example.com%40evil.example/a.png, must name a host",
        "https:///a.png, must name a host",
        "http:a.png, must name a host",
        "http://127.1/, must name a host",
        "https://evil.example/a.png, evil.example is not",
        "https://images.example.com.evil.example/a.png, is not",
        "https://xexample.com/a.png, xexample.com is not",
        "https://example.com/a.png, example.com is not",
        "https://images.example.com:8443/a.png, images.example.com:8443 is not",
        "http://images.example.com:443/a.png, images.example.com:443 is not",
        "https://other.example/a.png, other.example is not",
    })
    void refusesAddressesThatAreNotAllowed(String address, String found) {
        RemoteMedia media = RemoteMedia.builder()
                .allowHost("images.example.com")
                .allowHost("*.Example.com")
                .allowHost("other.example:8443")
                .resolver(host -> {
                    throw new AssertionError("looked up " + host);
                })
                .build();
        RemoteMediaException failure = failure(media, URI.create(address));
        assertThat(failure.reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(failure).hasMessageContaining(found).message().doesNotContain("secret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://images.example.com/a",
                "HTTPS://IMAGES.EXAMPLE.COM:443/a",
                "http://a.b.example.org/a",
                "http://images.example.com./a",
                "https://other.example:8443/a",
                "http://[2606:4700::1]/a",
            })
    void resolvesHostsThatAreAllowedByNameOrBelowADomain(String address) {
        RemoteMedia media = RemoteMedia.builder()
                .allowHost("images.example.com")
                .allowHost("*.example.org")
                .allowHost("other.example:8443")
                .allowHost("[2606:4700::1]")
                .resolver(host -> addresses("192.0.2.1"))
                .build();
        assertThat(failure(media, URI.create(address)).reason()).isEqualTo(Reason.PRIVATE_ADDRESS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "*", "*.", "http://a.example", "a.example/", "a b", "a.example:x", "*.*.example", "-a"})
    void refusesRulesThatNameNoHost(String host) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RemoteMedia.builder().allowHost(host))
                .withMessageStartingWith("a host must be a name such as images.example.com");
    }

    @Test
    void refusesLimitsThatMakeNoSense() {
        RemoteMedia.Builder builder = RemoteMedia.builder();
        assertThatIllegalArgumentException().isThrownBy(builder::build).withMessageContaining("none is");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxBytes(0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxRedirects(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.timeout(Duration.ZERO));
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost/a", "http://2130706433/a", "http://[::1]/a", "http://[::ffff:7f00:1]/a"})
    void anyHostDoesNotMeanThisMachine(String address) {
        RemoteMediaException failure =
                failure(RemoteMedia.builder().allowAnyHost().build(), URI.create(address));
        assertThat(failure.reason()).isEqualTo(Reason.PRIVATE_ADDRESS);
        assertThat(failure).hasMessageContaining("allowPrivateHost");
    }

    @Test
    void refusesAHostOfWhichOneAddressIsPrivate() {
        RemoteMedia media = RemoteMedia.builder()
                .allowHost("images.example:" + server.port())
                .resolver(host -> addresses("93.184.216.34", "127.0.0.1"))
                .build();
        assertThat(failure(media, server("images.example", "/file")).reason()).isEqualTo(Reason.PRIVATE_ADDRESS);
    }

    @Test
    void connectsToTheAddressThatWasChecked() {
        AtomicInteger lookups = new AtomicInteger();
        RemoteMedia media = RemoteMedia.builder()
                .allowPrivateHost("images.example:" + server.port())
                .resolver(host -> addresses(lookups.getAndIncrement() == 0 ? "127.0.0.1" : "169.254.169.254"))
                .build();
        assertThat(media.fetch(server("images.example", "/file"))).isEqualTo(BYTES);
        assertThat(server.requests).containsExactly("images.example:" + server.port() + "/file");
        assertThat(lookups).hasValue(1);
        assertThat(failure(media, server("images.example", "/file")).reason()).isEqualTo(Reason.PRIVATE_ADDRESS);
    }

    @Test
    void connectsToNoAddressThatTheClientFindsItself() {
        RemoteMedia media = local().resolver(host -> addresses("127.0.0.2")).build();
        RemoteMediaException failure = failure(media, server.uri("/file"));
        assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(failure).hasMessageContaining("the address was not checked");
        assertThat(server.requests).isEmpty();
    }

    @Test
    void takesTheNextAddressWhereOneDoesNotAnswer() {
        RemoteMedia media = RemoteMedia.builder()
                .allowPrivateHost("images.example:" + server.port())
                .resolver(host -> addresses("::1", "127.0.0.1"))
                .build();
        assertThat(media.fetch(server("images.example", "/file"))).isEqualTo(BYTES);
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void followsRedirects(int status) {
        server.redirect("/one", status, "two?x").redirect("/two", status, "//127.0.0.1:" + server.port() + "/file");
        assertThat(local().build().fetch(server.uri("/one"))).isEqualTo(BYTES);
        assertThat(failure(local().maxRedirects(1).build(), server.uri("/one")).reason())
                .isEqualTo(Reason.TOO_MANY_REDIRECTS);
    }

    @Test
    void checksWhereARedirectLeads() {
        server.redirect("/other", 302, "http://localhost:" + server.port() + "/file")
                .redirect("/metadata", 302, "http://169.254.169.254:" + server.port() + "/latest")
                .redirect("/file-scheme", 302, "file:///etc/passwd")
                .redirect("/credentials", 302, "http://a:b@127.0.0.1:" + server.port() + "/file")
                .redirect("/port", 302, "http://127.0.0.1:1/file")
                .redirect("/nonsense", 302, "http://a b/")
                .redirect("/loop", 302, "/loop");
        RemoteMedia media = local().allowHost("localhost:" + server.port())
                .allowPrivateHost("169.254.169.254:" + server.port())
                .build();
        assertThat(failure(media, server.uri("/other")).reason()).isEqualTo(Reason.PRIVATE_ADDRESS);
        assertThat(failure(local().build(), server.uri("/other")).reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(failure(media, server.uri("/metadata")).reason()).isEqualTo(Reason.PRIVATE_ADDRESS);
        assertThat(failure(media, server.uri("/file-scheme")).reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(failure(media, server.uri("/credentials")).reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(failure(media, server.uri("/port")).reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(failure(media, server.uri("/nonsense")).reason()).isEqualTo(Reason.BAD_RESPONSE);
        assertThat(failure(media, server.uri("/loop")).reason()).isEqualTo(Reason.TOO_MANY_REDIRECTS);
        assertThat(server.requests).noneMatch(request -> request.endsWith("/file"));
    }

    @Test
    void namesTheStatusOfAnAnswerThatIsNone() {
        RemoteMediaException failure = failure(local().build(), server.uri("/nothing?secret=1"));
        assertThat(failure.reason()).isEqualTo(Reason.BAD_STATUS);
        assertThat(failure)
                .hasMessage(server.uri("/nothing") + ": the response must have status 200: 404; check the address");
    }

    @Test
    void saysThatAHostIsUnknownOrClosed() throws IOException {
        RemoteMedia unknown = RemoteMedia.builder()
                .allowAnyHost()
                .resolver(host -> new InetAddress[0])
                .build();
        assertThat(failure(unknown, URI.create("http://nowhere.example/")).reason())
                .isEqualTo(Reason.UNREACHABLE);
        RemoteMedia media = local().build();
        server.close();
        assertThat(failure(media, server.uri("/file")).reason()).isEqualTo(Reason.UNREACHABLE);
    }

    @Test
    void endsWhenItsThreadIsInterrupted() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        URI address = server.answering(out -> {
            asked.countDown();
            Thread.sleep(60_000);
        });
        Thread caller = Thread.currentThread();
        new Thread(() -> {
                    try {
                        asked.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    caller.interrupt();
                })
                .start();
        RemoteMedia media = RemoteMedia.builder()
                .allowPrivateHost("127.0.0.1:" + address.getPort())
                .build();
        RemoteMediaException failure = failure(media, address);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(failure.reason()).isEqualTo(Reason.INTERRUPTED);
    }

    private RemoteMedia.Builder local() {
        return RemoteMedia.builder().allowPrivateHost("127.0.0.1:" + server.port());
    }

    private URI server(String host, String path) {
        return URI.create("http://" + host + ":" + server.port() + path);
    }

    private static InetAddress[] addresses(String... digits) throws UnknownHostException {
        InetAddress[] addresses = new InetAddress[digits.length];
        for (int i = 0; i < digits.length; i++) {
            addresses[i] = InetAddress.getAllByName(digits[i])[0];
        }
        return addresses;
    }

    private static RemoteMediaException failure(RemoteMedia media, URI address) {
        return catchThrowableOfType(RemoteMediaException.class, () -> media.fetch(address));
    }
}
