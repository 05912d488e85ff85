package io.github.internvl.spring.boot;

import io.github.internvl.InternVL;
import io.github.internvl.MetricsListener;
import io.github.internvl.micrometer.MicrometerMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The bean {@link InternVL}, loaded at the start of the application by the properties {@code internvl.*}, with its metrics in the
 * application's {@link MeterRegistry}. An application's own bean of the type {@code InternVL} or {@code MetricsListener} takes the
 * place of this one.
 *
 * <p>When the application stops, the model is closed after the beans that use it, and waits {@code internvl.close-patience} for
 * the requests inside.
 */
@AutoConfiguration(
        afterName = {
            "org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration"
        })
@ConditionalOnBooleanProperty(name = "internvl.enabled", matchIfMissing = true)
public final class InternVLAutoConfiguration {
    InternVLAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean(MetricsListener.class)
    @ConditionalOnSingleCandidate(MeterRegistry.class)
    MicrometerMetrics internvlMetrics(MeterRegistry registry) {
        return new MicrometerMetrics(registry);
    }

    /** The model and its owner, both or neither. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingBean(InternVL.class)
    @EnableConfigurationProperties(InternVLProperties.class)
    static class Model {
        @Bean
        LoadedModel internvlOwner(InternVLProperties properties, ObjectProvider<MetricsListener> metrics) {
            return LoadedModel.load(properties, metrics.getIfAvailable(() -> new MetricsListener() {}));
        }

        @Bean(destroyMethod = "") // the owner closes it
        InternVL internvl(LoadedModel owner) {
            return owner.model();
        }
    }
}
