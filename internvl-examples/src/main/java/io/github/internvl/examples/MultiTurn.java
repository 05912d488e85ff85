package io.github.internvl.examples;

import io.github.internvl.ChatRequest;
import io.github.internvl.Conversation;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;

/** LMDeploy, multi-turn conversation: {@code pipe.chat} with a session and settings for each question. */
public final class MultiTurn {
    private MultiTurn() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image photo = Image.open(inputs.picture(0));
            // tag::multi-turn[]
            GenerationConfig settings = GenerationConfig.builder()
                    .topK(40)
                    .topP(0.8)
                    .temperature(0.8)
                    .seed(1)
                    .build();
            ChatRequest question = ChatRequest.builder()
                    .text("describe this image", photo)
                    .generation(settings)
                    .build();
            ChatRequest followUp = ChatRequest.builder()
                    .text("Where is the green star?")
                    .generation(settings)
                    .build();

            Conversation session = model.conversation();
            System.out.println("Assistant: " + session.ask(question).text());
            System.out.println("Assistant: " + session.ask(followUp).text());
            // end::multi-turn[]
        }
    }
}
