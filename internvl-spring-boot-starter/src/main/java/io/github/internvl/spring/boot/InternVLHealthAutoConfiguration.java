package io.github.internvl.spring.boot;

import io.github.internvl.InternVL;
import io.github.internvl.MetricsListener;
import java.util.Map;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/**
 * The health of the models, as {@code internvl} in Boot's health endpoint: up while a model serves, out of service once it is
 * closed, and down after a failure that it does not survive, such as one of a GPU; the application must then be started again.
 * {@code management.health.internvl.enabled=false} leaves it out.
 */
@AutoConfiguration(after = InternVLAutoConfiguration.class)
@ConditionalOnClass(HealthIndicator.class)
@ConditionalOnBean(InternVL.class)
public final class InternVLHealthAutoConfiguration {
    InternVLHealthAutoConfiguration() {}

    @Bean
    @ConditionalOnEnabledHealthIndicator("internvl")
    @ConditionalOnMissingBean(name = {"internvlHealthContributor", "internvlHealthIndicator"})
    HealthContributor internvlHealthContributor(Map<String, InternVL> models) {
        return models.size() == 1
                ? indicator(models.values().iterator().next())
                : CompositeHealthContributor.fromMap(models, InternVLHealthAutoConfiguration::indicator);
    }

    private static HealthIndicator indicator(InternVL model) {
        return () -> health(model, model.stats());
    }

    static Health health(InternVL model, MetricsListener.Stats stats) {
        Health.Builder health = stats.failure()
                .map(reason -> Health.down().withDetail("reason", "the engine stopped: " + reason))
                .orElseGet(() -> model.isClosed()
                        ? Health.outOfService().withDetail("reason", "the model is closed")
                        : Health.up());
        return health.withDetail("model", model.info().name())
                .withDetail("device", model.device())
                .withDetail("precision", model.precision())
                .withDetail("running", stats.running())
                .withDetail("waiting", stats.waiting())
                .build();
    }
}
