package io.github.internvl.examples;

import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.Message;
import io.github.internvl.vision.Image;
import java.util.ArrayList;
import java.util.List;

/** A dialogue as a list of messages, which the program keeps itself. */
public final class Messages {
    private Messages() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        try (InternVL model = InternVL.load(inputs.model())) {
            Image image1 = Image.open(inputs.picture(0));
            Image image2 = Image.open(inputs.picture(1));
            // tag::messages[]
            List<Message> dialogue = new ArrayList<>();
            dialogue.add(new Message.System("Answer in one sentence."));
            dialogue.add(Message.User.of("describe this image", image1));
            ChatResponse first =
                    model.chat(ChatRequest.builder().messages(dialogue).build());

            dialogue.add(Message.Assistant.of(first.text()));
            dialogue.add(new Message.User(List.of(
                    new Message.Text("Before:"),
                    Message.Picture.of(image1),
                    new Message.Text("After:"),
                    Message.Picture.of(image2),
                    new Message.Text("What has changed?"))));
            ChatResponse second =
                    model.chat(ChatRequest.builder().messages(dialogue).build());
            // end::messages[]
            System.out.println("Assistant: " + first.text());
            System.out.println("Assistant: " + second.text());
        }
    }
}
