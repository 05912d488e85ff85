package io.github.internvl.examples;

import io.github.internvl.ChatRequest;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;

/** The length of a prompt before it is computed: tokens of text and pictures, for several tile limits. */
public final class CountTokens {
    private CountTokens() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image photo = Image.open(inputs.picture(0));
            // tag::count-tokens[]
            ChatRequest request = ChatRequest.of("<image>\nPlease describe the image in detail.", photo);
            for (int tiles : new int[] {1, 6, 12}) {
                int tokens =
                        model.countTokens(request.toBuilder().maxTiles(tiles).build());
                System.out.println("up to " + tiles + " tiles: " + tokens + " tokens");
            }
            // end::count-tokens[]
        }
    }
}
