package io.github.internvl.examples;

import io.github.internvl.ChatResponse;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;

/** Multi-image multi-round conversation, combined images: one tag takes all tiles. */
public final class MultiImageCombined {
    private MultiImageCombined() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image image1 = Image.open(inputs.picture(0));
            Image image2 = Image.open(inputs.picture(1));
            // tag::multi-image-combined[]
            Conversation talk = model.conversation();
            ChatResponse first = talk.ask("<image>\nDescribe the two images in detail.", image1, image2);
            ChatResponse second = talk.ask("What are the similarities and differences between these two images.");
            // end::multi-image-combined[]
            System.out.println("Assistant: " + first.text());
            System.out.println("Assistant: " + second.text());
        }
    }
}
