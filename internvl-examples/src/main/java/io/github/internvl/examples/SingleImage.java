package io.github.internvl.examples;

import io.github.internvl.ChatResponse;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Image;

/** Single-image conversation: a single round, and several. */
public final class SingleImage {
    private SingleImage() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image photo = Image.open(inputs.picture(0));
            singleRound(model, photo);
            multiRound(model, photo);
        }
    }

    private static void singleRound(InternVL model, Image photo) {
        // tag::single-image[]
        ChatResponse response = model.chat("<image>\nPlease describe the image shortly.", photo);
        System.out.println("Assistant: " + response.text());
        // end::single-image[]
    }

    private static void multiRound(InternVL model, Image photo) {
        // tag::single-image-multi-round[]
        Conversation talk = model.conversation();
        ChatResponse first = talk.ask("<image>\nPlease describe the image in detail.", photo);
        ChatResponse second = talk.ask("Please write a poem according to the image.");
        // end::single-image-multi-round[]
        System.out.println("Assistant: " + first.text());
        System.out.println("Assistant: " + second.text());
    }
}
