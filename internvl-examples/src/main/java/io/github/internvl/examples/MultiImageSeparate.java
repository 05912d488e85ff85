package io.github.internvl.examples;

import io.github.internvl.ChatResponse;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;

/** Multi-image multi-round conversation, separate images: each picture has a tag, and the text can name it. */
public final class MultiImageSeparate {
    private MultiImageSeparate() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image image1 = Image.open(inputs.picture(0));
            Image image2 = Image.open(inputs.picture(1));
            // tag::multi-image-separate[]
            Conversation talk = model.conversation();
            ChatResponse first =
                    talk.ask("Image-1: <image>\nImage-2: <image>\nDescribe the two images in detail.", image1, image2);
            ChatResponse second = talk.ask("What are the similarities and differences between these two images.");
            // end::multi-image-separate[]
            System.out.println("Assistant: " + first.text());
            System.out.println("Assistant: " + second.text());
        }
    }
}
