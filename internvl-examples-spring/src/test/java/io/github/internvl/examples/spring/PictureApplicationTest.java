package io.github.internvl.examples.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.internvl.demo.DemoModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;

/** Starts the application on a free port and asks it as curl would. */
@Timeout(120)
class PictureApplicationTest {
    private static final String BOUNDARY = "picture-boundary";
    private static final ConfigurableApplicationContext APPLICATION =
            PictureApplication.application().run("--server.port=0");

    @AfterAll
    static void stop() {
        APPLICATION.close();
    }

    @Test
    void answersAboutAnUploadedPicture() throws Exception {
        HttpResponse<String> response =
                ask(Files.readAllBytes(DemoModel.sample("shapes.png")), "What color is the star?");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body()).contains("\"text\":\"green\"").containsPattern("\"promptTokens\":\\d+");
    }

    @Test
    void refusesAFileThatIsNoPicture() throws Exception {
        HttpResponse<String> response = ask("no picture".getBytes(StandardCharsets.UTF_8), "What is it?");
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("\"detail\"", "image");
    }

    @Test
    void tellsItsHealthAndItsMetrics() throws Exception {
        ask(Files.readAllBytes(DemoModel.sample("shapes.png")), "What color is the star?");
        assertThat(get("/actuator/health").body())
                .contains("\"internvl\":{", "\"status\":\"UP\"", "\"device\":\"cpu\"");
        assertThat(get("/actuator/health/readiness").statusCode()).isEqualTo(200);
        assertThat(get("/actuator/metrics/internvl.tokens.prompt").body()).contains("\"COUNT\"");
    }

    @Test
    void answersThroughSpringAi() {
        StarCatalogue catalogue = APPLICATION.getBean(StarCatalogue.class);
        Resource picture = new FileSystemResource(DemoModel.sample("shapes.png"));
        assertThat(catalogue.color(picture)).isEqualTo("green");
        assertThat(catalogue.description(picture).collectList().block()).isNotEmpty();
        assertThat(catalogue.star(picture)).isNotNull();
    }

    private static HttpResponse<String> ask(byte[] picture, String question) throws IOException, InterruptedException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(bytes(part("question") + "\r\n\r\n" + question + "\r\n"));
        body.writeBytes(bytes(part("picture") + "; filename=\"picture.png\"\r\n\r\n"));
        body.writeBytes(picture);
        body.writeBytes(bytes("\r\n--" + BOUNDARY + "--\r\n"));
        return send(HttpRequest.newBuilder(uri("/ask"))
                .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())));
    }

    private static String part(String name) {
        return "--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"" + name + "\"";
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)));
    }

    private static URI uri(String path) {
        return URI.create(
                "http://localhost:" + APPLICATION.getEnvironment().getRequiredProperty("local.server.port") + path);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
