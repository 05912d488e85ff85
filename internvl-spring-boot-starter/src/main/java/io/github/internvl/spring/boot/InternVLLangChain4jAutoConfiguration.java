package io.github.internvl.spring.boot;

import dev.langchain4j.model.TokenCountEstimator;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import io.github.internvl.InternVL;
import io.github.internvl.langchain4j.InternVLChatModel;
import io.github.internvl.web.RemoteMedia;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.context.annotation.Bean;

/**
 * The beans {@code ChatModel}, {@code StreamingChatModel} and {@code TokenCountEstimator} of LangChain4j over the bean {@link InternVL},
 * where {@code internvl-langchain4j} is on the class path. The application's beans {@code ChatModelListener} listen to them, and a bean
 * {@code RemoteMedia} lets them fetch pictures from the web. An application's own bean of one of these types takes the place of this one.
 */
@AutoConfiguration(after = InternVLAutoConfiguration.class)
@ConditionalOnClass(InternVLChatModel.class)
@ConditionalOnSingleCandidate(InternVL.class)
public final class InternVLLangChain4jAutoConfiguration {
    InternVLLangChain4jAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean(ChatModel.class)
    InternVLChatModel internvlLangChain4jChatModel(
            InternVL model, ObjectProvider<ChatModelListener> listeners, ObjectProvider<RemoteMedia> remote) {
        return chatModel(model, listeners, remote);
    }

    @Bean
    @ConditionalOnMissingBean
    StreamingChatModel internvlLangChain4jStreamingChatModel(
            InternVL model, ObjectProvider<ChatModelListener> listeners, ObjectProvider<RemoteMedia> remote) {
        return chatModel(model, listeners, remote).streaming();
    }

    @Bean
    @ConditionalOnMissingBean
    TokenCountEstimator internvlLangChain4jTokenCountEstimator(InternVL model) {
        return InternVLChatModel.builder(model).build().tokenCountEstimator();
    }

    private static InternVLChatModel chatModel(
            InternVL model, ObjectProvider<ChatModelListener> listeners, ObjectProvider<RemoteMedia> remote) {
        InternVLChatModel.Builder builder = InternVLChatModel.builder(model)
                .listeners(listeners.orderedStream().toList());
        remote.ifUnique(builder::remoteMedia);
        return builder.build();
    }
}
