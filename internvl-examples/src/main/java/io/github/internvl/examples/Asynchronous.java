package io.github.internvl.examples;

import io.github.internvl.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** An answer as a future, with a time limit. */
public final class Asynchronous {
    private Asynchronous() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image photo = Image.open(inputs.picture(0));
            // tag::asynchronous[]
            CompletableFuture<ChatResponse> answer =
                    model.chatAsync("<image>\nPlease describe the image shortly.", photo);
            CompletableFuture<Void> printed =
                    answer.orTimeout(5, TimeUnit.MINUTES).thenAccept(response -> System.out.println(response.text()));
            // end::asynchronous[]
            printed.join();
        }
    }
}
