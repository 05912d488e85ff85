package io.github.internvl.examples.spring;

import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.core.io.Resource;
import org.springframework.stereotype.Service;
import org.springframework.util.MimeTypeUtils;
import reactor.core.publisher.Flux;

/** Questions about pictures through Spring AI: as text, piece by piece, and as a record. */
// tag::spring-ai[]
@Service
final class StarCatalogue {
    private final ChatClient client;

    StarCatalogue(ChatClient.Builder builder) {
        this.client = builder.build();
    }

    enum Color {
        RED,
        GREEN,
        BLUE
    }

    record Star(Color color, int points) {}

    @Nullable
    String color(Resource picture) {
        return about(picture, "What color is the star?").call().content();
    }

    Flux<String> description(Resource picture) {
        return about(picture, "Describe the picture.").stream().content();
    }

    @Nullable
    Star star(Resource picture) { // the schema of the record is enforced
        return about(picture, "Describe the star as JSON with color and points.")
                .call()
                .entity(Star.class, entity -> entity.useProviderStructuredOutput());
    }

    private ChatClient.ChatClientRequestSpec about(Resource picture, String question) {
        return client.prompt().user(user -> user.text(question).media(MimeTypeUtils.IMAGE_PNG, picture));
    }
}
// end::spring-ai[]
