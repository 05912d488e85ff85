package io.github.internvl.examples;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.QueueFullException;
import io.github.internvl.vision.Image;
import java.nio.file.Path;
import java.time.Duration;

/** A model that serves many callers: who is let in, how long an answer may take, and what is computed once for all. */
public final class ManyCallers {
    private ManyCallers() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        Path folder = inputs.model();
        Image photo = Image.open(inputs.picture(0));
        // tag::many[]
        InternVL model = InternVL.builder(folder)
                .maxConcurrent(8) // answers in the making
                .maxWaiting(100) // and so many may wait for one of these
                .kvCacheTokens(32_768) // keys and values of all of them, and of what is kept of earlier ones
                .visualCacheBytes(512L << 20)
                .load();
        try {
            for (String question : new String[] {"describe this image", "How many shapes are there?"}) {
                ChatResponse response = model.chat(ChatRequest.builder()
                        .text(question, photo)
                        .timeout(Duration.ofSeconds(30)) // ends as it is then: FinishReason.TIMEOUT
                        .priority(1)
                        .build());
                ChatResponse.Usage usage = response.usage();
                System.out.println(response.text() + " (" + usage.cachedTokens() + " of " + usage.promptTokens()
                        + " tokens were there already)");
            }
        } catch (QueueFullException e) {
            System.out.println("Too many are asking; try again later");
        } finally {
            model.close(Duration.ofSeconds(10)); // those inside get their answers
        }
        // end::many[]
    }
}
