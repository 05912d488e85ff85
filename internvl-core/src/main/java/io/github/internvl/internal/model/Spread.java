package io.github.internvl.internal.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which device holds which part of a model.
 *
 * @param vision of the ViT
 * @param projector of the projector
 * @param embedding of the embedding and the rotary angles
 * @param layers of each layer of the language model, with its keys and values; none: all where the embedding is
 * @param head of the norm after the layers, and the head
 */
public record Spread(String vision, String projector, String embedding, List<String> layers, String head) {

    /**
     * The sizes of the parts, in bytes.
     *
     * @param layer one layer of the language model with its keys and values
     */
    public record Needs(long vision, long projector, long embedding, long layer, int layers, long head) {}

    /** All on one device. */
    public static Spread single(String device) {
        return around(device, List.of());
    }

    /** Layers as given, everything else on one device. */
    private static Spread around(String first, List<String> layers) {
        return new Spread(first, first, first, List.copyOf(layers), first);
    }

    /**
     * The model cards' {@code split_model}: layers are spread evenly, but the first device, which has everything else, counts
     * as half a one; it has the last layer too.
     */
    public static Spread split(int layers, List<String> devices) {
        int each = (int) Math.ceil(layers / (devices.size() - 0.5));
        int first = (int) Math.ceil(each * 0.5);
        List<String> places = new ArrayList<>();
        for (int i = 0; i < layers - 1; i++) {
            places.add(devices.get(i < first ? 0 : 1 + (i - first) / each));
        }
        places.add(devices.get(0));
        return around(devices.get(0), places);
    }

    /**
     * Fills one device after the other: the first with everything but layers, and the last layer, then with as many layers
     * as it has room for; so the others.
     *
     * @param room bytes that each device has, in order
     * @param rest who gets the layers that no device has room for
     */
    public static Spread packed(Needs needs, Map<String, Long> room, String rest) {
        String first = room.keySet().iterator().next();
        List<String> places = new ArrayList<>();
        long others = needs.vision() + needs.projector() + needs.embedding() + needs.head() + needs.layer();
        for (Map.Entry<String, Long> device : room.entrySet()) {
            long left = device.getValue() - (device.getKey().equals(first) ? others : 0);
            while (places.size() < needs.layers() - 1 && left >= needs.layer()) {
                places.add(device.getKey());
                left -= needs.layer();
            }
        }
        while (places.size() < needs.layers() - 1) {
            places.add(rest);
        }
        places.add(first);
        return around(first, places);
    }

    /** The device of a layer of the language model. */
    public String layer(int index) {
        return layers.isEmpty() ? embedding : layers.get(index);
    }

    /** All devices, in order of first use. */
    public Set<String> devices() {
        Set<String> devices = new LinkedHashSet<>(List.of(vision, projector, embedding));
        devices.addAll(layers);
        devices.add(head);
        return devices;
    }

    /** Bytes that each device has to hold, in order of first use. */
    public Map<String, Long> bytes(Needs needs) {
        Map<String, Long> bytes = new LinkedHashMap<>();
        bytes.merge(vision, needs.vision(), Long::sum);
        bytes.merge(projector, needs.projector(), Long::sum);
        bytes.merge(embedding, needs.embedding(), Long::sum);
        for (int i = 0; i < needs.layers(); i++) {
            bytes.merge(layer(i), needs.layer(), Long::sum);
        }
        bytes.merge(head, needs.head(), Long::sum);
        return bytes;
    }
}
