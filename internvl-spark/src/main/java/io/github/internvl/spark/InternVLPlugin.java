package io.github.internvl.spark;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.github.internvl.InternVL;
import io.github.internvl.MetricsListener.Stats;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A plugin for executors: {@code spark.plugins=io.github.internvl.spark.InternVLPlugin}. It fetches the model of {@code
 * spark.internvl.model} into the node's cache before the first task asks for it, unless {@code spark.internvl.prefetch} is false; it
 * reports the models of the executor to Spark's metrics; and it closes them when the executor ends.
 *
 * <p>The gauges are {@code models}, {@code loads}, {@code running}, {@code waiting}, {@code fill} (the share of the model's slots that
 * compute), {@code kvUse}, {@code promptTokens}, {@code cachedTokens}, {@code generatedTokens}, {@code answered}, {@code failed} and
 * {@code rejected}. {@code kvUse} is the mean of the loaded models; the counts are those of all models, closed ones included.
 */
public final class InternVLPlugin implements SparkPlugin {
    private static final Logger LOG = LoggerFactory.getLogger(InternVLPlugin.class);

    /** Spark makes it. */
    public InternVLPlugin() {}

    @Override
    public @Nullable DriverPlugin driverPlugin() {
        return null;
    }

    @Override
    public ExecutorPlugin executorPlugin() {
        return new OfExecutor();
    }

    private static final class OfExecutor implements ExecutorPlugin {
        @Override
        public void init(PluginContext context, Map<String, String> fromDriver) {
            measure(context.metricRegistry());
            ModelSettings settings = ModelSettings.of(ModelSettings.in(context.conf()));
            if (settings != null
                    && !settings.comesWithTasks()
                    && context.conf().getBoolean("spark.internvl.prefetch", true)) {
                Thread thread = new Thread(() -> prefetch(settings), "internvl-prefetch"); // init blocks the executor
                thread.setDaemon(true);
                thread.start();
            }
        }

        /** Fetches the files; where that fails, the first task fails with the same reason. */
        private static void prefetch(ModelSettings settings) {
            try {
                LOG.info("InternVL {}: its files are in {}", settings.model(), settings.folder());
            } catch (RuntimeException e) {
                LOG.warn("InternVL {}: its files could not be fetched before the first task", settings.model(), e);
            }
        }

        private static void measure(MetricRegistry registry) {
            gauge(registry, "models", () -> (double) SharedModels.jvm().loaded().size());
            gauge(registry, "loads", () -> (double) SharedModels.jvm().loads());
            gauge(registry, "fill", OfExecutor::fill);
            gauge(registry, "running", () -> now(Stats::running).sum());
            gauge(registry, "waiting", () -> now(Stats::waiting).sum());
            gauge(registry, "kvUse", () -> now(Stats::kvUse).average().orElse(0));
            total(registry, "promptTokens", Stats::promptTokens);
            total(registry, "cachedTokens", Stats::cachedTokens);
            total(registry, "generatedTokens", Stats::generatedTokens);
            total(registry, "answered", Stats::answered);
            total(registry, "failed", Stats::failed);
            total(registry, "rejected", Stats::rejected);
        }

        private static double fill() {
            List<InternVL> models = SharedModels.jvm().loaded();
            double slots = models.stream().mapToInt(InternVL::maxConcurrent).sum();
            return slots == 0
                    ? 0
                    : models.stream().mapToInt(model -> model.stats().running()).sum() / slots;
        }

        private static DoubleStream now(ToDoubleFunction<Stats> value) {
            return SharedModels.jvm().loaded().stream().map(InternVL::stats).mapToDouble(value);
        }

        /** A count that goes on when a model is closed. */
        private static void total(MetricRegistry registry, String name, ToDoubleFunction<Stats> value) {
            gauge(
                    registry,
                    name,
                    () -> now(value).sum()
                            + SharedModels.jvm().past().stream()
                                    .mapToDouble(value)
                                    .sum());
        }

        private static void gauge(MetricRegistry registry, String name, Gauge<Double> value) {
            registry.register(name, value);
        }

        @Override
        public void shutdown() {
            SharedModels.jvm().close();
        }
    }
}
