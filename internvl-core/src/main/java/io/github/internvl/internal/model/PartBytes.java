package io.github.internvl.internal.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The bytes of a model's parts, and the two ways to spread its layers by them. In both, the first device holds everything
 * but layers, and the last layer.
 *
 * @param vision the ViT
 * @param projector the projector
 * @param embedding the embedding
 * @param layer one layer of the language model with its keys and values
 * @param layers how many layers there are
 * @param head the norm after the layers, and the head
 */
public record PartBytes(long vision, long projector, long embedding, long layer, int layers, long head) {

    /** Bytes of all parts. */
    public long total() {
        return vision + projector + embedding + layers * layer + head;
    }

    /** The bytes that each device holds, in order of first use, if the parts are where these names say. */
    public Map<String, Long> perDevice(
            String visionPlace,
            String projectorPlace,
            String embeddingPlace,
            List<String> layerPlaces,
            String headPlace) {
        Map<String, Long> bytes = new LinkedHashMap<>();
        bytes.merge(visionPlace, vision, Long::sum);
        bytes.merge(projectorPlace, projector, Long::sum);
        bytes.merge(embeddingPlace, embedding, Long::sum);
        layerPlaces.forEach(place -> bytes.merge(place, layer, Long::sum));
        bytes.merge(headPlace, head, Long::sum);
        return bytes;
    }

    /** The model cards' {@code split_model}: layers are spread evenly, and the first device counts as half a device. */
    public static List<String> split(int layers, List<String> devices) {
        int each = (int) Math.ceil(layers / (devices.size() - 0.5));
        int first = (int) Math.ceil(each * 0.5);
        List<String> places = new ArrayList<>();
        for (int i = 0; i < layers - 1; i++) {
            places.add(devices.get(i < first ? 0 : 1 + (i - first) / each));
        }
        places.add(devices.get(0));
        return places;
    }

    /**
     * The layers' devices, filled one after the other with as many layers as each has room for.
     *
     * @param room bytes that each device has, in order
     * @param rest the device of the layers that no other has room for
     */
    public List<String> packed(Map<String, Long> room, String rest) {
        String first = room.keySet().iterator().next();
        List<String> places = new ArrayList<>();
        long others = vision + projector + embedding + head + layer;
        for (Map.Entry<String, Long> device : room.entrySet()) {
            long left = device.getValue() - (device.getKey().equals(first) ? others : 0);
            while (places.size() < layers - 1 && left >= layer) {
                places.add(device.getKey());
                left -= layer;
            }
        }
        while (places.size() < layers - 1) {
            places.add(rest);
        }
        places.add(first);
        return places;
    }
}
