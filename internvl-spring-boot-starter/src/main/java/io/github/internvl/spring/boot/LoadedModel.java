package io.github.internvl.spring.boot;

import io.github.internvl.CheckpointException;
import io.github.internvl.DeviceMap;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.InternVLException;
import io.github.internvl.MetricsListener;
import io.github.internvl.hub.DownloadException;
import io.github.internvl.hub.Hub;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * The owner of the model: loads it by the properties, and closes it when the application stops. The bean {@link InternVL} is made
 * from this one, so that all beans that use it are gone before.
 */
record LoadedModel(InternVL model, Duration patience) implements AutoCloseable {
    private static final String PREFIX = "internvl.";
    private static final String AUTO = "auto";

    /**
     * Loads the model.
     *
     * @throws InvalidConfigurationPropertyValueException naming the property, if one is missing or wrong; Boot prints it with the
     *     place where it is set
     */
    static LoadedModel load(InternVLProperties properties, MetricsListener metrics) {
        String name = properties.model();
        if (name == null || name.isBlank()) {
            throw new InvalidConfigurationPropertyValueException(
                    PREFIX + "model",
                    name,
                    "It must name a model: an id on the hub such as OpenGVLab/InternVL2_5-1B, or a folder with its"
                            + " config.json; internvl.enabled=false starts the application without a model.");
        }
        try {
            InternVLBuilder builder = source(name, properties.hub()).metrics(metrics);
            apply(properties, builder);
            return new LoadedModel(builder.load(), properties.closePatience());
        } catch (DownloadException | CheckpointException e) {
            throw invalid("model", name, e);
        } catch (InternVLException e) { // a device that is missing, or a model that does not fit
            String device = properties.device();
            throw device == null ? invalid("model", name, e) : invalid("device", device, e);
        }
    }

    private static void apply(InternVLProperties properties, InternVLBuilder builder) {
        set("precision", properties.precision(), builder::precision);
        set("vision-precision", properties.visionPrecision(), builder::visionPrecision);
        String device = properties.device();
        set("device", device, named -> builder.devices(devices(named)));
        if (properties.offloadToCpu()) {
            DeviceMap map = devices(device == null ? AUTO : device);
            set("offload-to-cpu", true, on -> builder.devices(map.offloadToCpu()));
        }
        set("context-length", properties.contextLength(), builder::contextLength);
        set("max-concurrent", properties.maxConcurrent(), builder::maxConcurrent);
        set("max-waiting", properties.maxWaiting(), builder::maxWaiting);
        set("threads", properties.threads(), builder::threads);
        set("kv-cache.precision", properties.kvCache().precision(), builder::kvCachePrecision);
        Long tokens = properties.kvCache().tokens();
        set("kv-cache.tokens", tokens, builder::kvCacheTokens);
        set("kv-cache.static-slots", properties.kvCache().staticSlots(), whole -> {
            if (whole && tokens != null) {
                throw new IllegalArgumentException("Static slots must have no internvl.kv-cache.tokens: " + tokens
                        + "; set internvl.max-concurrent and internvl.context-length instead.");
            }
            builder.staticSlots(whole);
        });
    }

    private static InternVLBuilder source(String name, InternVLProperties.Hub settings) {
        Hub.Builder builder = Hub.builder();
        set("hub.endpoint", settings.endpoint(), address -> {
            Hub.builder().endpoint(address).token(null).build(); // checks the address
            builder.endpoint(address);
        });
        setToken(settings.token(), builder);
        set("hub.cache", settings.cache(), builder::cache);
        set("hub.offline", settings.offline(), builder::offline);
        Hub hub = builder.build();
        String revision = settings.revision();
        if (revision == null) {
            return InternVL.builder(name).hub(hub);
        }
        try {
            return InternVL.builder(fetch(hub, name, revision));
        } catch (IllegalArgumentException e) {
            throw invalid("hub.revision", revision, e);
        }
    }

    private static Path fetch(Hub hub, String name, String revision) {
        if (Files.isDirectory(Path.of(name))) {
            throw new IllegalArgumentException(
                    "A revision must belong to an id on the hub, and internvl.model is a folder: " + name
                            + "; leave out the revision, or name the model by its id.");
        }
        return hub.fetch(name, revision);
    }

    /** Sets the token. A wrong one is reported for the properties around it, as Boot prints the value of a property that it finds. */
    private static void setToken(@Nullable String token, Hub.Builder builder) {
        if (token != null) {
            try {
                builder.token(token).build();
            } catch (IllegalArgumentException e) {
                throw new InvalidConfigurationPropertyValueException(
                        PREFIX + "hub", "(not shown)", PREFIX + "hub.token: " + e.getMessage());
            }
        }
    }

    private static DeviceMap devices(String name) {
        return name.equals(AUTO) ? DeviceMap.auto() : DeviceMap.single(name);
    }

    /** Applies a property that is set. */
    private static <V> void set(String property, @Nullable V value, Consumer<V> setter) {
        if (value != null) {
            try {
                setter.accept(value);
            } catch (IllegalArgumentException | IllegalStateException e) {
                throw invalid(property, value, e);
            }
        }
    }

    private static RuntimeException invalid(String property, Object value, RuntimeException fault) {
        RuntimeException invalid =
                new InvalidConfigurationPropertyValueException(PREFIX + property, value, fault.getMessage());
        invalid.addSuppressed(fault); // it takes no cause
        return invalid;
    }

    /** Rejects requests from now on, and waits for the ones inside. */
    @Override
    public void close() {
        model.close(patience);
    }
}
