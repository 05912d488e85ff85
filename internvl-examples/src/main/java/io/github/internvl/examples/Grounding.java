package io.github.internvl.examples;

import io.github.internvl.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;

/** Visual grounding: where something is in a picture. */
public final class Grounding {
    private Grounding() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image photo = Image.open(inputs.picture(0));
            // tag::grounding[]
            ChatResponse response = model.chat(
                    "<image>\nPlease provide the bounding box coordinate of the region this sentence describes: <ref>red circle</ref>",
                    photo);
            for (ChatResponse.Box box : response.boxes()) {
                System.out.println(box.label() + ": " + box.toPixels(photo.width(), photo.height()));
            }
            // end::grounding[]
        }
    }
}
