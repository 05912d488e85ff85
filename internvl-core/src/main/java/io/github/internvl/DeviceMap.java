package io.github.internvl;

import io.github.internvl.internal.model.Footprint;
import io.github.internvl.internal.model.LinearWeights;
import io.github.internvl.internal.model.Spread;
import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How to spread a model over devices. Immutable.
 *
 * <p>A GPU needs room for its share of the weights, for its layers' part of the KV cache, and 1 GiB for intermediate results.
 * Of the KV cache, one whole context is counted, or what was set; with static slots, all of them. A model without that room
 * is refused before any weight is read.
 */
public final class DeviceMap {
    private static final String CPU = "cpu";
    private static final Pattern NAME = Pattern.compile("cpu|cuda:\\d{1,3}");
    private static final long HEADROOM = 1L << 30;

    private final @Nullable Spread fixed; // null: made for the devices found
    private final boolean offload;

    private DeviceMap(@Nullable Spread fixed, boolean offload) {
        this.fixed = fixed;
        this.offload = offload;
    }

    /**
     * Spreads over all CUDA devices as the model cards do ({@code split_model}): the first has everything but layers, and the
     * last layer, and counts as half a device; the other layers are spread evenly. Where a device has too little memory free
     * for that, devices are filled one after the other instead. Without a CUDA device everything is on the CPU.
     */
    public static DeviceMap auto() {
        return new DeviceMap(null, false);
    }

    /** Puts everything on one device: {@code cpu} or {@code cuda:N}. */
    public static DeviceMap single(String device) {
        return of(device, device, device, List.of(), device);
    }

    /**
     * Puts each part where it is told, by name: {@code cpu} or {@code cuda:N}.
     *
     * @param layers a device for each layer of the language model; none: all where the embedding is
     */
    public static DeviceMap of(String vision, String projector, String embedding, List<String> layers, String head) {
        List<String> all = new ArrayList<>(List.of(vision, projector, embedding, head));
        all.addAll(layers);
        for (String device : all) {
            if (!NAME.matcher(device).matches()) {
                throw new IllegalArgumentException("device must be cpu or cuda:N, such as cuda:0: " + device);
            }
        }
        return new DeviceMap(new Spread(vision, projector, embedding, List.copyOf(layers), head), false);
    }

    /** Lets {@link #auto} compute those layers on the CPU that no GPU has room for; each such layer costs speed. */
    public DeviceMap offloadToCpu() {
        if (fixed != null) {
            throw new IllegalStateException("only DeviceMap.auto() chooses devices; name the CPU in the map instead");
        }
        return new DeviceMap(null, true);
    }

    /**
     * Free memory of this machine's CUDA devices in bytes, by name and in order; none without a GPU. Where nothing tells,
     * {@link Long#MAX_VALUE}: it takes {@code org.bytedeco:cuda} for the platform on the class path.
     *
     * @throws InternVLException if libtorch cannot be loaded
     */
    public static Map<String, Long> freeMemory() {
        return freeMemory(CudaDevices.names());
    }

    private static Map<String, Long> freeMemory(List<String> devices) {
        Map<String, Long> free = new LinkedHashMap<>();
        devices.forEach(device -> free.put(device, CudaDevices.freeBytes(device)));
        return free;
    }

    /**
     * Plans for a model, from its sizes alone.
     *
     * @param contextTokens tokens that the KV cache has to hold
     * @param freeBytes free memory of each CUDA device, in order, as {@link #freeMemory} gives it or pretended
     * @throws InternVLException if the model does not fit
     * @throws IllegalArgumentException if the map has another number of layers than the model
     */
    public DevicePlan plan(ModelInfo model, Precision precision, int contextTokens, Map<String, Long> freeBytes) {
        return plan(model, precision, contextTokens, false, freeBytes);
    }

    private DevicePlan plan(
            ModelInfo model, Precision precision, int keyTokens, boolean shortKeys, Map<String, Long> freeBytes) {
        Footprint footprint = model.footprint();
        LinearWeights linears = ModelInfo.linears(precision);
        int perNumber = ModelInfo.bytesPerNumber(precision);
        Spread.Needs needs = new Spread.Needs(
                footprint.vision() * perNumber,
                footprint.projector() * perNumber,
                footprint.embedding() * perNumber,
                footprint.layerBytes(perNumber, linears) + footprint.layerKeyBytes(perNumber, shortKeys) * keyTokens,
                footprint.layers(),
                footprint.headBytes(perNumber, linears));
        return plan(model.source(), needs, freeBytes);
    }

    /**
     * Plans for this machine; only devices that the map may use are asked, since asking takes some of their memory.
     *
     * @param shortKeys whether keys and values are kept in 8 bits
     */
    DevicePlan plan(ModelInfo model, Precision precision, int keyTokens, boolean shortKeys) {
        List<String> found = CudaDevices.names();
        Collection<String> wanted = fixed == null ? found : fixed.devices();
        for (String device : wanted) {
            if (device.startsWith("cuda") && !found.contains(device)) {
                throw new InternVLException("device " + device + " is not there: libtorch " + TorchRuntime.version()
                        + " sees " + found.size()
                        + " CUDA devices; use cpu, or give it a CUDA build of libtorch as docs/gpu.md says");
            }
        }
        return plan(
                model,
                precision,
                keyTokens,
                shortKeys,
                freeMemory(found.stream().filter(wanted::contains).toList()));
    }

    /** Where a model would compute for the most part on this machine. */
    String place() {
        if (fixed != null) {
            return fixed.embedding();
        }
        return TorchRuntime.gpuCount() > 0 ? "cuda:0" : CPU;
    }

    private DevicePlan plan(String model, Spread.Needs needs, Map<String, Long> freeBytes) {
        List<DevicePlan> candidates = spreads(needs, freeBytes).stream()
                .map(p -> DevicePlan.of(p, needs))
                .toList();
        return candidates.stream()
                .filter(plan -> lacking(plan, freeBytes).isEmpty())
                .findFirst()
                .orElseThrow(() -> refusal(model, candidates.get(candidates.size() - 1), freeBytes));
    }

    /** The plans to try, the best first. */
    private List<Spread> spreads(Spread.Needs needs, Map<String, Long> freeBytes) {
        if (fixed != null) {
            int told = fixed.layers().size();
            if (told != 0 && told != needs.layers()) {
                throw new IllegalArgumentException(
                        "a device map needs a device for each of the model's " + needs.layers() + " layers: " + told);
            }
            return List.of(fixed);
        }
        if (freeBytes.isEmpty()) {
            return List.of(Spread.single(CPU));
        }
        List<String> devices = List.copyOf(freeBytes.keySet());
        Map<String, Long> room = new LinkedHashMap<>(freeBytes);
        room.replaceAll((device, free) -> free - HEADROOM);
        String rest = offload ? CPU : devices.get(devices.size() - 1);
        return List.of(Spread.split(needs.layers(), devices), Spread.packed(needs, room, rest));
    }

    /** The memory that each device lacks, in words. */
    private static List<String> lacking(DevicePlan plan, Map<String, Long> freeBytes) {
        List<String> lacking = new ArrayList<>();
        plan.bytes().forEach((device, bytes) -> {
            long free = freeBytes.getOrDefault(device, Long.MAX_VALUE);
            if (free - HEADROOM < bytes) {
                lacking.add(device + " has " + gib(free) + " free and would need " + gib(bytes + HEADROOM));
            }
        });
        return lacking;
    }

    private static InternVLException refusal(String model, DevicePlan plan, Map<String, Long> freeBytes) {
        long all = plan.bytes().values().stream().mapToLong(Long::longValue).sum();
        return new InternVLException(model + " does not fit: weights and KV cache take " + gib(all) + "; "
                + String.join(", ", lacking(plan, freeBytes))
                + "; options: DeviceMap.auto().offloadToCpu(), a shorter contextLength, a smaller maxConcurrent or no "
                + "staticSlots, a format of fewer bits, a smaller model, or device cpu");
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
    }
}
