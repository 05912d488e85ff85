package io.github.internvl.langchain4j;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.langchain4j.service.common.AbstractAiServiceIT;
import dev.langchain4j.service.common.AbstractAiServiceWithJsonSchemaIT;
import dev.langchain4j.service.common.AbstractAiServiceWithToolsIT;
import dev.langchain4j.service.common.AbstractStreamingAiServiceIT;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Nested;

/** The published conformance classes of LangChain4j for AI services over a chat model. */
class AiServiceConformanceTest {
    @Nested
    class Answers extends AbstractAiServiceIT {
        @Override
        protected List<ChatModel> models() {
            return List.of(Subject.chatModel().build());
        }
    }

    @Nested
    class StreamedAnswers extends AbstractStreamingAiServiceIT {
        @Override
        protected List<StreamingChatModel> models() {
            return List.of(Subject.chatModel().build().streaming());
        }

        @Override
        protected Class<? extends ChatResponseMetadata> chatResponseMetadataType(StreamingChatModel model) {
            return InternVLChatResponseMetadata.class;
        }
    }

    @Nested
    class Tools extends AbstractAiServiceWithToolsIT {
        @Override
        protected List<ChatModel> models() {
            return List.of(Subject.chatModel().build());
        }

        @Override
        protected boolean supportsRecursion() {
            return true;
        }

        @Override
        protected boolean supportsMultimodalToolResults() {
            return true;
        }

        @Override
        protected boolean verifyModelInteractions() {
            return true;
        }

        @Override
        protected Image catImage() {
            try (InputStream file = AbstractChatModelIT.class.getResourceAsStream("/images/cat.jpg")) {
                return Image.builder()
                        .base64Data(Base64.getEncoder()
                                .encodeToString(Objects.requireNonNull(file).readAllBytes()))
                        .mimeType("image/jpeg")
                        .build();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Nested
    class Records extends AbstractAiServiceWithJsonSchemaIT {
        @Override
        protected List<ChatModel> models() {
            return List.of(Subject.chatModel().build());
        }

        @Override
        protected boolean supportsRecursion() {
            return true;
        }
    }
}
