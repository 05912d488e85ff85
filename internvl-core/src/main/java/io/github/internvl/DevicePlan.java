package io.github.internvl;

import io.github.internvl.internal.model.Spread;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Which device holds which part of a model, as a {@link DeviceMap} came to it. Immutable.
 *
 * @param vision the device of the ViT
 * @param projector the device of the projector
 * @param embedding the device of the embedding
 * @param layers the device of each layer of the language model, and of what the layer keeps in the KV cache
 * @param head the device of the norm after the layers, and of the head
 * @param bytes what each device has to hold: weights, and the KV cache that was planned for
 */
public record DevicePlan(
        String vision, String projector, String embedding, List<String> layers, String head, Map<String, Long> bytes) {

    /** Copies the collections. */
    public DevicePlan {
        layers = List.copyOf(layers);
        bytes = Collections.unmodifiableMap(new LinkedHashMap<>(bytes));
    }

    static DevicePlan of(Spread spread, Spread.Needs needs) {
        return new DevicePlan(
                spread.vision(),
                spread.projector(),
                spread.embedding(),
                IntStream.range(0, needs.layers()).mapToObj(spread::layer).toList(),
                spread.head(),
                spread.bytes(needs));
    }

    Spread spread() {
        return new Spread(vision, projector, embedding, layers, head);
    }
}
