package io.github.internvl.examples;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;
import java.util.List;

/** Batch inference: requests of any kind are computed together, and each gets the answer it would get alone. */
public final class BatchInference {
    private BatchInference() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image image1 = Image.open(inputs.picture(0));
            Image image2 = Image.open(inputs.picture(1));
            // tag::batch[]
            List<ChatRequest> requests = List.of(
                    ChatRequest.of("<image>\nDescribe the image in detail.", image1),
                    ChatRequest.of("<image>\nDescribe the image in detail.", image2),
                    ChatRequest.builder()
                            .text("What is the difference?", image1, image2)
                            .maxTiles(4)
                            .maxNewTokens(32)
                            .build(),
                    ChatRequest.of("Hello, who are you?"));
            for (ChatResponse response : model.batchChat(requests)) {
                System.out.println("Assistant: " + response.text());
            }
            // end::batch[]
        }
    }
}
