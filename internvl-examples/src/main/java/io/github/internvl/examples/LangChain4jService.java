package io.github.internvl.examples;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.UserMessage;
import io.github.internvl.InternVL;
import io.github.internvl.langchain4j.InternVLChatModel;
import java.nio.file.Path;

/** An AI service of LangChain4j that fills a record from a picture. */
public final class LangChain4jService {
    private LangChain4jService() {}

    // tag::langchain4j-service[]
    enum Color {
        RED,
        GREEN,
        BLUE
    }

    record Star(@JsonProperty(required = true) Color color, @JsonProperty(required = true) int points) {}

    interface Inspector {
        @UserMessage("Describe the star as JSON with color and points.")
        Star inspect(ImageContent picture);
    }
    // end::langchain4j-service[]

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        Path picture = inputs.picture(0);
        Path folder = inputs.model();
        // tag::langchain4j[]
        try (InternVL model = InternVL.load(folder)) {
            InternVLChatModel chat = InternVLChatModel.builder(model).build();
            Inspector inspector = AiServices.create(Inspector.class, chat);
            Star star = inspector.inspect(ImageContent.from(picture, "image/png"));
            System.out.println("The star is " + star.color() + " and has " + star.points() + " points");
        }
        // end::langchain4j[]
    }
}
