package io.github.internvl.examples;

import io.github.internvl.ChatStream;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;

/** Streaming output: the text piece by piece as it is generated. */
public final class Streaming {
    private Streaming() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image photo = Image.open(inputs.picture(0));
            // tag::streaming[]
            try (ChatStream stream = model.stream("<image>\nPlease describe the image in detail.", photo)) {
                for (String piece : stream) {
                    System.out.print(piece);
                }
                System.out.println();
                System.out.println(stream.response().usage().generatedTokens() + " tokens");
            }
            // end::streaming[]
        }
    }
}
