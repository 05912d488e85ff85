package io.github.internvl.examples;

import io.github.internvl.ChatRequest;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;
import io.github.internvl.vision.Video;
import java.nio.file.Path;

/** Video multi-round conversation: eight frames of a file, one tile each, and a second question about them. */
public final class VideoChat {
    private VideoChat() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        Path file = args.length > 0 ? inputs.picture(0) : Inputs.inCheckout("models/samples/clip.mp4");
        try (InternVL model = InternVL.load(inputs.model())) {
            // tag::video[]
            ChatRequest question = ChatRequest.builder()
                    .text("What moves in the video?")
                    .video(Video.open(file), 8)
                    .build();
            Conversation talk = model.conversation();
            System.out.println("Assistant: " + talk.ask(question).text());
            System.out.println(
                    "Assistant: " + talk.ask("Describe this video in detail.").text());
            // end::video[]
        }
    }
}
