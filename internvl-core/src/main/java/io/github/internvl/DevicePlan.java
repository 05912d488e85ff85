package io.github.internvl;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The precision of a model and the device of each of its parts, as a {@link DeviceMap} chose them. Immutable and
 * thread-safe. A device is {@code cpu} or {@code cuda:N}.
 *
 * @param precision the number format that the model computes in
 * @param vision the device of the ViT
 * @param projector the device of the projector
 * @param embedding the device of the embedding and the rotary angles
 * @param layers the device of each layer of the language model, and of the layer's part of the KV cache; an empty list
 *     stands for the embedding's device
 * @param head the device of the norm after the layers, and of the head
 * @param bytes the bytes that each device holds, in order of first use: weights, and the KV cache that was planned for
 */
public record DevicePlan(
        Precision precision,
        String vision,
        String projector,
        String embedding,
        List<String> layers,
        String head,
        Map<String, Long> bytes) {

    /** Copies the collections. */
    public DevicePlan {
        layers = List.copyOf(layers);
        bytes = Collections.unmodifiableMap(new LinkedHashMap<>(bytes));
    }

    /** A plan with all parts on one device; it counts no bytes. */
    public static DevicePlan single(Precision precision, String device) {
        return new DevicePlan(precision, device, device, device, List.of(), device, Map.of());
    }

    /** The device of a layer of the language model, counted from 0. */
    public String layer(int index) {
        return layers.isEmpty() ? embedding : layers.get(index);
    }
}
