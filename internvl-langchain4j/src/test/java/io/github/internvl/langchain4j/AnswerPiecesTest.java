package io.github.internvl.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import io.github.internvl.InternVL;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class AnswerPiecesTest {
    private final InternVL model = Subject.DEMO;

    /** A handler that notes its calls. */
    private static class Notes implements StreamingChatResponseHandler {
        final Queue<String> notes = new ConcurrentLinkedQueue<>();
        final CompletableFuture<ChatResponse> end = new CompletableFuture<>();

        @Override
        public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
            notes.add(piece.text());
        }

        @Override
        public void onPartialThinking(PartialThinking piece) {
            notes.add("thinking " + piece.text());
        }

        @Override
        public void onCompleteToolCall(CompleteToolCall call) {
            notes.add(call.index() + call.toolExecutionRequest().name());
        }

        @Override
        public void onCompleteResponse(ChatResponse response) {
            end.complete(response);
        }

        @Override
        public void onError(Throwable failure) {
            end.completeExceptionally(failure);
        }
    }

    /** A model that says a text, whatever it is asked. */
    private InternVLChatModel saying(String text, boolean thinking) {
        Knowledge knowledge = new Knowledge(model, List.of(new Knowledge.Entry(List.of(), text)));
        return InternVLChatModel.builder(model)
                .lastChange(request ->
                        knowledge.apply(request.toBuilder().thinking(thinking).build()))
                .build();
    }

    private static ChatRequest withTools() {
        return ChatRequest.builder()
                .messages(UserMessage.from("Hi"))
                .toolSpecifications(dev.langchain4j.agent.tool.ToolSpecification.builder()
                        .name("clock")
                        .build())
                .build();
    }

    @Test
    void withholdsCallsAndTheWhiteSpaceBeforeThem() throws Exception {
        Notes notes = new Notes();
        saying("Let me see.\n<tool_call>\n{\"name\": \"clock\", \"arguments\": {}}\n</tool_call>", false)
                .streaming()
                .chat(withTools(), notes);
        ChatResponse response = notes.end.get();
        assertThat(response.aiMessage().text()).isEqualTo("Let me see.");
        assertThat(String.join("", notes.notes)).isEqualTo("Let me see.0clock");
    }

    @Test
    void givesBackTextThatOnlyBeginsAsACall() throws Exception {
        for (String text : List.of("a <tool", "a < b", "<tool_call> {no call} and more")) {
            Notes notes = new Notes();
            saying(text, false).streaming().chat(withTools(), notes);
            assertThat(notes.end.get().aiMessage().text()).isEqualTo(text);
            assertThat(String.join("", notes.notes)).isEqualTo(text);
        }
    }

    @Test
    void keepsThinkingApart() throws Exception {
        Notes notes = new Notes();
        saying("<think>\nwell\n</think>\n\nyes", true).streaming().chat("Hi", notes);
        ChatResponse response = notes.end.get();
        assertThat(response.aiMessage().thinking()).isEqualTo("well");
        assertThat(response.aiMessage().text()).isEqualTo("yes");
        assertThat(notes.notes).startsWith("thinking w");
        assertThat(String.join("", notes.notes).replace("thinking ", "")).isEqualTo("wellyes");
    }

    @Test
    void stopsTheModelWhereItIsCancelled() throws Exception {
        CompletableFuture<PartialResponseContext> context = new CompletableFuture<>();
        Notes notes = new Notes() {
            @Override
            public void onPartialResponse(PartialResponse piece, PartialResponseContext given) {
                context.complete(given);
            }
        };
        long before = model.stats().generatedTokens();
        saying("word ".repeat(1000), false).streaming().chat("Hi", notes);
        context.get().streamingHandle().cancel();
        while (model.stats().running() > 0) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertThat(model.stats().generatedTokens() - before).isLessThan(1000);
        assertThat(notes.end).isNotDone();
    }

    @Test
    void throwsAtOnceForParametersAndReportsTheRest() {
        InternVLChatModel chat = InternVLChatModel.builder(model).build();
        Notes notes = new Notes();
        ChatRequest other = ChatRequest.builder()
                .messages(UserMessage.from("Hi"))
                .parameters(ChatRequestParameters.builder().modelName("other").build())
                .build();
        assertThatThrownBy(() -> chat.streaming().chat(other, notes)).isInstanceOf(UnsupportedFeatureException.class);
        assertThat(notes.end).isNotDone();
        chat.streaming().chat(List.of(UserMessage.from(ImageContent.from("bm9uZQ==", "image/png"))), notes);
        assertThatThrownBy(notes.end::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(InvalidRequestException.class);
    }
}
