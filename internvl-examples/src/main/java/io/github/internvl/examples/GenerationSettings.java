package io.github.internvl.examples;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.GenerationConfig;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;

/** LMDeploy's {@code GenerationConfig(top_k=40, top_p=0.8, temperature=0.8)}, with limits and a seed. */
public final class GenerationSettings {
    private GenerationSettings() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image photo = Image.open(inputs.picture(0));
            // tag::generation-settings[]
            GenerationConfig settings = GenerationConfig.builder()
                    .topK(40)
                    .topP(0.8)
                    .temperature(0.8)
                    .seed(1) // the same answer each time
                    .maxNewTokens(256)
                    .stop("\n\n") // the first paragraph only
                    .build();
            ChatRequest request = ChatRequest.builder()
                    .text("describe this image", photo)
                    .generation(settings)
                    .build();
            System.out.println(model.chat(request).text());
            // end::generation-settings[]
            // tag::several-answers[]
            GenerationConfig several = GenerationConfig.builder()
                    .answers(3)
                    .temperature(0.8)
                    .seed(1)
                    .repetitionPenalty(1.05)
                    .build();
            ChatResponse response =
                    model.chat(request.toBuilder().generation(several).build());
            System.out.println(
                    response.text() + " and " + response.alternatives().size() + " more");
            // end::several-answers[]
        }
    }
}
