package io.github.internvl.spring.ai;

import io.github.internvl.InternVL;
import io.github.internvl.spring.boot.InternVLAutoConfiguration;
import io.github.internvl.web.RemoteMedia;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.ai.chat.observation.ChatModelObservationConvention;
import org.springframework.ai.model.SpringAIModelProperties;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * The bean {@link InternVLChatModel} over the bean {@link InternVL}, with the properties {@code spring.ai.internvl.chat.*} as its
 * options. A bean {@link RemoteMedia} lets it fetch media from the web. With several providers of chat models,
 * {@code spring.ai.model.chat=internvl} chooses this one. An application's own {@code InternVLChatModel} takes the place of this one.
 */
@AutoConfiguration(after = InternVLAutoConfiguration.class)
@ConditionalOnSingleCandidate(InternVL.class)
@ConditionalOnProperty(name = SpringAIModelProperties.CHAT_MODEL, havingValue = "internvl", matchIfMissing = true)
@EnableConfigurationProperties(InternVLChatProperties.class)
public final class InternVLChatAutoConfiguration {
    InternVLChatAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean
    InternVLChatModel internvlChatModel(
            InternVL model,
            InternVLChatProperties properties,
            ObjectProvider<RemoteMedia> remote,
            ObjectProvider<ObservationRegistry> registry,
            ObjectProvider<ChatModelObservationConvention> convention) {
        InternVLChatModel.Builder builder = InternVLChatModel.builder(model)
                .options(properties.options())
                .observationRegistry(registry.getIfUnique(() -> ObservationRegistry.NOOP));
        remote.ifUnique(builder::remoteMedia);
        convention.ifUnique(builder::observationConvention);
        return builder.build();
    }
}
