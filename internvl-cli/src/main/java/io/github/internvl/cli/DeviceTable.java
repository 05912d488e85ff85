package io.github.internvl.cli;

import io.github.internvl.DevicePlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The table of a device plan for {@code internvl info --devices}: one line for each device. */
final class DeviceTable {
    private DeviceTable() {}

    static String of(DevicePlan plan, Map<String, Long> free) {
        StringBuilder table = new StringBuilder();
        plan.bytes().forEach((device, bytes) -> {
            long has = free.getOrDefault(device, Long.MAX_VALUE);
            table.append(String.format(
                    Locale.ROOT,
                    "%-12s %s: %s%n",
                    device,
                    has == Long.MAX_VALUE
                            ? Units.bytes(bytes)
                            : Units.bytes(bytes) + " of " + Units.bytes(has) + " free",
                    String.join(", ", parts(plan, device))));
        });
        return table.toString();
    }

    private static List<String> parts(DevicePlan plan, String device) {
        List<String> parts = new ArrayList<>();
        add(parts, "vision", plan.vision().equals(device));
        add(parts, "projector", plan.projector().equals(device));
        add(parts, "embedding", plan.embedding().equals(device));
        List<String> layers = plan.layers();
        int first = -1;
        for (int i = 0; i <= layers.size(); i++) {
            boolean here = i < layers.size() && layers.get(i).equals(device);
            if (here && first < 0) {
                first = i;
            } else if (!here && first >= 0) {
                parts.add(first == i - 1 ? "layer " + first : "layers " + first + " to " + (i - 1));
                first = -1;
            }
        }
        add(parts, "head", plan.head().equals(device));
        return parts;
    }

    private static void add(List<String> parts, String part, boolean here) {
        if (here) {
            parts.add(part);
        }
    }
}
