package io.github.internvl.examples;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.message.VideoContent;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import io.github.internvl.OutputFormat;
import io.github.internvl.langchain4j.InternVLChatModel;
import io.github.internvl.langchain4j.InternVLChatRequestParameters;
import io.github.internvl.langchain4j.InternVLChatResponseMetadata;
import io.github.internvl.web.RemoteMedia;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The models of LangChain4j over one InternVL: chat, stream, and token counter. */
public final class LangChain4jModels {
    private LangChain4jModels() {}

    public static void main(String[] args) {
        Inputs inputs = Inputs.of(args);
        Path picture = inputs.picture(0);
        Path clip = Inputs.inCheckout("models/samples/clip.mp4");
        try (InternVLChatModel loaded = InternVLChatModel.load(inputs.model().toString())) {
            // tag::langchain4j-chat[]
            ChatMessage question = UserMessage.from(
                    ImageContent.from(picture, "image/png"), TextContent.from("What color is the star?"));
            ChatResponse answer = loaded.chat(question);
            System.out.println(answer.aiMessage().text());
            InternVLChatResponseMetadata metadata = (InternVLChatResponseMetadata) answer.metadata();
            System.out.println(metadata.usage().visualTokens() + " visual tokens, "
                    + metadata.boxes().size() + " boxes");
            // end::langchain4j-chat[]
            // tag::langchain4j-parameters[]
            ChatRequest choice = ChatRequest.builder()
                    .messages(question)
                    .parameters(InternVLChatRequestParameters.builder()
                            .maxTiles(4)
                            .timeout(Duration.ofSeconds(30))
                            .format(OutputFormat.choice("red", "green", "blue"))
                            .build())
                    .build();
            System.out.println(loaded.chat(choice).aiMessage().text());
            // end::langchain4j-parameters[]
            // tag::langchain4j-video[]
            ChatMessage clipped = UserMessage.from(
                    VideoContent.from(clip, "video/mp4"), TextContent.from("What moves in the video?"));
            ChatRequest video = ChatRequest.builder()
                    .messages(clipped)
                    .parameters(InternVLChatRequestParameters.builder()
                            .videoFrames(8)
                            .build())
                    .build();
            System.out.println(loaded.chat(video).aiMessage().text());
            // end::langchain4j-video[]
            stream(loaded, question);
        }
    }

    private static void stream(InternVLChatModel model, ChatMessage question) {
        // tag::langchain4j-stream[]
        CompletableFuture<AiMessage> whole = new CompletableFuture<>();
        ChatRequest request = ChatRequest.builder().messages(question).build();
        model.streaming().chat(request, new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                System.out.print(piece.text()); // context.streamingHandle().cancel() stops the generation
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {
                whole.complete(response.aiMessage());
            }

            @Override
            public void onError(Throwable error) {
                whole.completeExceptionally(error);
            }
        });
        System.out.println("\nThe whole answer: " + whole.join().text());
        System.out.println(model.tokenCountEstimator().estimateTokenCountInMessage(question) + " tokens");
        // end::langchain4j-stream[]
    }

    /** Rules under which the pictures of a message may be fetched. */
    static InternVLChatModel.Builder fetching(InternVLChatModel.Builder builder) {
        // tag::langchain4j-web[]
        builder.remoteMedia(RemoteMedia.builder()
                .allowHost("*.example.com")
                .maxBytes(20 << 20)
                .build());
        // end::langchain4j-web[]
        return builder;
    }
}
