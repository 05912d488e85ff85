package io.github.internvl.examples;

import io.github.internvl.ChatResponse;
import io.github.internvl.Conversation;
import io.github.internvl.InternVL;

/** Pure-text conversation: a single round, and several. */
public final class PureText {
    private PureText() {}

    public static void main(String[] args) {
        try (InternVL model = InternVL.load(Inputs.of(args).model())) {
            singleRound(model);
            multiRound(model);
        }
    }

    private static void singleRound(InternVL model) {
        // tag::pure-text[]
        ChatResponse response = model.chat("Hello, who are you?");
        System.out.println("Assistant: " + response.text());
        // end::pure-text[]
    }

    private static void multiRound(InternVL model) {
        // tag::pure-text-multi-round[]
        Conversation talk = model.conversation();
        System.out.println("Assistant: " + talk.ask("Hello, who are you?").text());
        System.out.println("Assistant: " + talk.ask("Can you tell me a story?").text());
        // end::pure-text-multi-round[]
    }
}
