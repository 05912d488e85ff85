package io.github.internvl.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatStream;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLException;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.internal.engine.Engine;
import io.github.internvl.internal.engine.Generation;
import io.github.internvl.internal.engine.PreparedRequest;
import io.github.internvl.internal.engine.PreparedRequest.TokenPrompt;
import io.github.internvl.server.InternVLServer;
import io.github.internvl.server.ServerOptions;
import java.lang.reflect.Field;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An engine that ends by itself tells all that are inside, all that ask later, and whoever watches the server. */
@Timeout(120)
class EngineFailureTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final ChatRequest ENDLESS = ChatRequest.builder()
            .text("Why?")
            .generation(GenerationConfig.builder()
                    .ignoreEnd(true)
                    .maxNewTokens(100_000)
                    .build())
            .build();

    @Test
    void tellsThoseInsideThoseThatAskAndThoseThatWatch() throws Exception {
        try (InternVL model = InternVL.load(DemoModel.path());
                InternVLServer server = InternVLServer.start(
                        model, ServerOptions.builder().port(0).build())) {
            assertThat(get(server, "health").statusCode()).isEqualTo(200);
            assertThat(get(server, "ready").statusCode()).isEqualTo(200);
            try (ChatStream running = model.stream(ENDLESS)) {
                while (model.stats().generatedTokens() == 0) {
                    Thread.sleep(1);
                }
                CompletableFuture<HttpResponse<String>> whole = ask(server, "false");
                CompletableFuture<HttpResponse<String>> streamed = ask(server, "true");
                while (model.stats().running() + model.stats().waiting() < 3) {
                    Thread.sleep(1);
                }
                CompletableFuture<Throwable> broken = new CompletableFuture<>();
                breakDown(model, broken);
                assertThat(whole.get().statusCode()).isEqualTo(503);
                assertThat(whole.get().body()).contains("engine_stopped");
                assertThat(streamed.get().body()).contains("engine_stopped").doesNotContain("internal_error");

                assertThatThrownBy(running::response).isInstanceOf(InternVLException.class);
                assertThat(broken.get())
                        .isInstanceOf(InternVLException.class)
                        .hasMessageContaining("the engine stopped");
            }
            assertThat(model.stats().failure())
                    .hasValueSatisfying(reason -> assertThat(reason).contains(NullPointerException.class.getName()));
            assertThat(model.stats().running() + model.stats().waiting()).isZero();
            assertThatThrownBy(() -> model.chat(ENDLESS))
                    .isInstanceOf(InternVLException.class)
                    .hasMessageContaining("the engine stopped")
                    .hasMessageContaining("load it again");
            assertThatThrownBy(() -> model.chatAsync(ENDLESS).get())
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("the engine stopped");
            for (String route : List.of("health", "ready")) {
                HttpResponse<String> told = get(server, route);
                assertThat(told.statusCode()).isEqualTo(503);
                assertThat(told.body()).contains("\"failed\"", "the engine stopped");
            }
            HttpResponse<String> chat = CLIENT.send(
                    HttpRequest.newBuilder(server.uri().resolve("v1/chat/completions"))
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString(
                                    "{\"messages\": [{\"role\": \"user\", \"content\": \"Why?\"}]}"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(chat.statusCode()).isEqualTo(503);
            assertThat(chat.body()).contains("engine_stopped");
        }
    }

    private static CompletableFuture<HttpResponse<String>> ask(InternVLServer server, String stream) {
        return CLIENT.sendAsync(
                HttpRequest.newBuilder(server.uri().resolve("v1/chat/completions"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"messages\": [{\"role\": \"user\", \"content\": \"Why?\"}], \"ignore_eos\": true,"
                                        + " \"max_tokens\": 100000, \"stream\": " + stream + "}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> get(InternVLServer server, String route) throws Exception {
        return CLIENT.send(
                HttpRequest.newBuilder(server.uri().resolve(route)).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Hands the engine a request that no public call can make: without an urgency, which its thread needs in each turn. */
    private static void breakDown(InternVL model, CompletableFuture<Throwable> told)
            throws ReflectiveOperationException {
        Object[] parts = {
            new TokenPrompt(new int[] {1}, new int[0]),
            PreparedRequest.Dialogue.NONE,
            List.of(),
            GenerationConfig.defaults(),
            PreparedRequest.Ends.NONE,
            new int[0],
            List.of(),
            null,
            Duration.ZERO
        };
        PreparedRequest request = (PreparedRequest) PreparedRequest.class.getConstructors()[0].newInstance(parts);
        Engine engine = (Engine) field(field(model, "service"), "engine");
        engine.submit(request, new Generation.Listener() {
            @Override
            public void onText(String text) {}

            @Override
            public void onEnd(Generation generation) {}

            @Override
            public void onFailure(RuntimeException failure) {
                told.complete(failure);
            }
        });
    }

    private static Object field(Object owner, String name) throws ReflectiveOperationException {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }
}
