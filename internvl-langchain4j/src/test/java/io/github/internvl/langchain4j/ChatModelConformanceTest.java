package io.github.internvl.langchain4j;

import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import dev.langchain4j.model.chat.common.AbstractChatModelListenerIT;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelIT;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import io.github.internvl.InternVL;
import io.github.internvl.demo.DemoModel;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.mockito.InOrder;

/** The published conformance classes of LangChain4j for chat models and their listeners. */
class ChatModelConformanceTest {
    private static InternVLChatModel withParameters(ChatRequestParameters parameters) {
        return Subject.chatModel().defaultRequestParameters(parameters).build();
    }

    private static InternVLChatModel sampling(
            ChatModelListener listener, Double temperature, Double topP, Integer maxTokens) {
        return Subject.chatModel(listener)
                .defaultRequestParameters(ChatRequestParameters.builder()
                        .temperature(temperature)
                        .topP(topP)
                        .maxOutputTokens(maxTokens)
                        .build())
                .build();
    }

    /** A model that was closed before its first request. */
    private static InternVLChatModel failing(ChatModelListener listener) {
        InternVL closed = InternVL.load(DemoModel.path());
        closed.close();
        return InternVLChatModel.builder(closed).listeners(List.of(listener)).build();
    }

    @Nested
    class Chat extends AbstractChatModelIT {
        @Override
        protected List<ChatModel> models() {
            return List.of(Subject.chatModel().build());
        }

        @Override
        protected ChatModel createModelWith(ChatRequestParameters parameters) {
            return withParameters(parameters);
        }

        @Override
        protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
            return InternVLChatRequestParameters.builder()
                    .maxOutputTokens(maxOutputTokens)
                    .build();
        }

        /** One model is loaded, and no request can name another. */
        @Override
        protected boolean supportsModelNameParameter() {
            return false;
        }

        @Override
        protected Class<? extends ChatResponseMetadata> chatResponseMetadataType(ChatModel model) {
            return InternVLChatResponseMetadata.class;
        }

        @Override
        protected String catImageUrl() {
            return PictureServer.url("cat.jpg");
        }

        @Override
        protected String diceImageUrl() {
            return PictureServer.url("dice.jpg");
        }
    }

    @Nested
    class Streaming extends AbstractStreamingChatModelIT {
        @Override
        protected List<StreamingChatModel> models() {
            return List.of(Subject.chatModel().build().streaming());
        }

        @Override
        public StreamingChatModel createModelWith(ChatModelListener listener) {
            return Subject.chatModel(listener).build().streaming();
        }

        @Override
        protected StreamingChatModel createModelWith(ChatRequestParameters parameters) {
            return withParameters(parameters).streaming();
        }

        @Override
        protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
            return InternVLChatRequestParameters.builder()
                    .maxOutputTokens(maxOutputTokens)
                    .build();
        }

        /** One model is loaded, and no request can name another. */
        @Override
        protected boolean supportsModelNameParameter() {
            return false;
        }

        /** A call is known as one when its end has come, and is reported whole. */
        @Override
        protected boolean supportsPartialToolStreaming(StreamingChatModel model) {
            return false;
        }

        @Override
        protected void verifyToolCallbacks(StreamingChatResponseHandler handler, InOrder io, String id) {
            io.verify(handler).onCompleteToolCall(complete(0, id, "getWeather", "{\"city\": \"Munich\"}"));
        }

        @Override
        protected void verifyToolCallbacks(
                StreamingChatResponseHandler handler, InOrder io, String first, String second) {
            verifyToolCallbacks(handler, io, first);
            io.verify(handler).onCompleteToolCall(complete(1, second, "getTime", "{\"country\": \"France\"}"));
        }

        @Override
        protected Class<? extends ChatResponseMetadata> chatResponseMetadataType(StreamingChatModel model) {
            return InternVLChatResponseMetadata.class;
        }

        @Override
        protected String catImageUrl() {
            return PictureServer.url("cat.jpg");
        }

        @Override
        protected String diceImageUrl() {
            return PictureServer.url("dice.jpg");
        }
    }

    @Nested
    class Listener extends AbstractChatModelListenerIT {
        @Override
        protected ChatModel createModel(ChatModelListener listener) {
            return sampling(listener, temperature(), topP(), maxTokens());
        }

        @Override
        protected String modelName() {
            return Subject.modelName();
        }

        @Override
        protected ChatModel createFailingModel(ChatModelListener listener) {
            return failing(listener);
        }

        @Override
        protected Class<? extends Exception> expectedExceptionClass() {
            return InternalServerException.class;
        }
    }

    @Nested
    class StreamingListener extends AbstractStreamingChatModelListenerIT {
        @Override
        protected StreamingChatModel createModel(ChatModelListener listener) {
            return sampling(listener, temperature(), topP(), maxTokens()).streaming();
        }

        @Override
        protected String modelName() {
            return Subject.modelName();
        }

        @Override
        protected StreamingChatModel createFailingModel(ChatModelListener listener) {
            return failing(listener).streaming();
        }

        @Override
        protected Class<? extends Exception> expectedExceptionClass() {
            return InternalServerException.class;
        }
    }
}
