package io.github.internvl.examples;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.QueueFullException;
import io.github.internvl.vision.Image;
import java.nio.file.Path;
import java.time.Duration;

/** A model that serves many callers: queue limits, a time limit for an answer, and a prompt prefix computed once for all. */
public final class ManyCallers {
    private ManyCallers() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        Path folder = inputs.model();
        Image photo = Image.open(inputs.picture(0));
        // tag::many[]
        InternVL model = InternVL.builder(folder)
                .maxConcurrent(8) // requests decoded at once
                .maxWaiting(100) // requests in the queue
                .kvCacheTokens(32_768) // KV cache of all requests, and of prefixes kept for later ones
                .visualCacheBytes(512L << 20)
                .load();
        try {
            for (String question : new String[] {"describe this image", "How many shapes are there?"}) {
                ChatResponse response = model.chat(ChatRequest.builder()
                        .text(question, photo)
                        .timeout(Duration.ofSeconds(30)) // then ends with FinishReason.TIMEOUT
                        .priority(1)
                        .build());
                ChatResponse.Usage usage = response.usage();
                System.out.println(response.text() + " (" + usage.cachedTokens() + " of " + usage.promptTokens()
                        + " prompt tokens cached)");
            }
        } catch (QueueFullException e) {
            System.out.println("The queue is full; try again later");
        } finally {
            model.close(Duration.ofSeconds(10)); // running requests finish
        }
        // end::many[]
    }
}
