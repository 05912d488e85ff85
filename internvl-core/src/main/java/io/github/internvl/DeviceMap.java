package io.github.internvl;

import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.model.PartBytes;
import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A strategy for distributing a model over devices; {@link #plan} makes a {@link DevicePlan} of it. Immutable and thread-safe.
 *
 * <p>A GPU needs room for its share of the weights, for its layers' part of the KV cache, and 1 GiB for intermediate results.
 * Of the KV cache, one whole context is counted, or the tokens that were set; with static slots, all of them. A model
 * without that room is rejected before any weight is read.
 */
public final class DeviceMap {
    private static final String CPU = "cpu";
    private static final Logger LOG = LoggerFactory.getLogger(DeviceMap.class.getPackageName());

    /** Bytes of each GPU for what is neither weights nor keys and values. */
    static final long HEADROOM = 1L << 30;

    /**
     * The KV cache to plan for.
     *
     * @param tokens tokens that it has to hold
     * @param inBytes whether it keeps keys and values in 8 bits
     * @param inStaticSlots whether slots are static, so that attention widens all of a layer's at once
     */
    record Keys(int tokens, boolean inBytes, boolean inStaticSlots) {

        /** Bytes of each GPU for what is neither weights nor keys and values. */
        long headroom(ModelInfo model, Precision precision) {
            int perNumber = (precision == Precision.FLOAT32 ? NumberFormat.FLOAT32 : NumberFormat.BFLOAT16).bytes();
            return HEADROOM + (inBytes && inStaticSlots ? model.footprint().widenedBytes(perNumber, tokens) : 0);
        }
    }

    private final @Nullable Places named; // null: chosen among the devices found
    private final List<String> among; // the devices to choose from; empty: all that are found
    private final boolean offload;

    /** A device for each part; no layers: all where the embedding is. */
    private record Places(String vision, String projector, String embedding, List<String> layers, String head) {
        static Places around(String first, List<String> layers) {
            return new Places(first, first, first, layers, first);
        }

        Set<String> devices() {
            Set<String> devices = new LinkedHashSet<>(List.of(vision, projector, embedding));
            devices.addAll(layers);
            devices.add(head);
            return devices;
        }

        DevicePlan plan(Precision precision, PartBytes parts) {
            List<String> each = IntStream.range(0, parts.layers())
                    .mapToObj(i -> layers.isEmpty() ? embedding : layers.get(i))
                    .toList();
            Map<String, Long> bytes = parts.perDevice(vision, projector, embedding, each, head);
            return new DevicePlan(precision, vision, projector, embedding, each, head, bytes);
        }
    }

    private DeviceMap(@Nullable Places named, List<String> among, boolean offload) {
        this.named = named;
        this.among = List.copyOf(among);
        this.offload = offload;
    }

    /**
     * Spreads over all CUDA devices as the model cards do ({@code split_model}): the first has everything but layers, and the
     * last layer, and counts as half a device; the other layers are spread evenly. Where a device has too little memory free
     * for that, devices are filled one after the other instead. Without a CUDA device everything is on the CPU.
     */
    public static DeviceMap auto() {
        return new DeviceMap(null, List.of(), false);
    }

    /**
     * Spreads over some CUDA devices as {@link #auto} does over all; the first one has the parts that are no layers.
     *
     * @param devices {@code cuda:N} each, one or more and none of them twice
     * @throws IllegalArgumentException if a name is not the name of a CUDA device, or comes twice
     */
    public static DeviceMap over(List<String> devices) {
        boolean cuda = devices.stream().allMatch(name -> name.matches("cuda:\\d{1,3}"));
        if (devices.isEmpty() || !cuda || Set.copyOf(devices).size() < devices.size()) {
            throw new IllegalArgumentException(
                    "devices must be CUDA devices, one or more and none twice, such as cuda:0,cuda:1: "
                            + String.join(",", devices));
        }
        return new DeviceMap(null, devices, false);
    }

    /** Puts everything on one device: {@code cpu} or {@code cuda:N}. */
    public static DeviceMap single(String device) {
        return of(device, device, device, List.of(), device);
    }

    /**
     * Puts each part on the named device: {@code cpu} or {@code cuda:N}.
     *
     * @param layers a device for each layer of the language model; none: all where the embedding is
     * @throws IllegalArgumentException if a name is not the name of a device
     */
    public static DeviceMap of(String vision, String projector, String embedding, List<String> layers, String head) {
        Places named = new Places(vision, projector, embedding, List.copyOf(layers), head);
        named.devices().forEach(CudaDevices::checkName);
        return new DeviceMap(named, List.of(), false);
    }

    /** Lets {@link #auto} compute those layers on the CPU that no GPU has room for; each such layer costs speed. */
    public DeviceMap offloadToCpu() {
        if (named != null) {
            throw new IllegalStateException("only DeviceMap.auto() chooses devices; name the CPU in the map instead");
        }
        return new DeviceMap(null, among, true);
    }

    /**
     * The free memory of this machine's CUDA devices in bytes, by name and in order; empty without a GPU. Asking takes some memory
     * of each, which this process keeps.
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
        PartBytes parts = model.footprint().parts(precision, contextTokens, false);
        return plan(model.source(), precision, parts, freeBytes, HEADROOM);
    }

    /**
     * The plan for this machine. Only the devices that the map may use are asked for their memory, since asking takes some.
     *
     * @param precision null: the one that suits device and checkpoint best
     * @param asked null: the first GPU, if there is one
     * @throws InternVLException if a device is missing, or the model does not fit
     */
    static DevicePlan choose(@Nullable Precision precision, @Nullable DeviceMap asked, ModelInfo model, Keys keys) {
        DeviceMap map = asked == null ? single(auto().place()) : asked;
        Precision chosen = precision == null ? Models.usual(model.storedPrecision(), map.place()) : precision;
        List<String> found = CudaDevices.names();
        if (found.isEmpty() && (asked == null || (map.named == null && map.among.isEmpty()))) {
            tellOfUnusedGpu();
        }
        List<String> wanted = map.wanted(found);
        for (String device : wanted) {
            if (device.startsWith("cuda") && !found.contains(device)) {
                throw new InternVLException("device " + device + " is not there: libtorch " + TorchRuntime.version()
                        + (TorchRuntime.isForCuda() ? ", a build for CUDA," : ", a build for CPUs,") + " sees "
                        + found.size() + " CUDA devices; use cpu, or do as docs/gpu.md says");
            }
        }
        return map.plan(
                model.source(),
                chosen,
                model.footprint().parts(chosen, keys.tokens(), keys.inBytes()),
                freeMemory(
                        map.named == null
                                ? wanted
                                : found.stream().filter(wanted::contains).toList()),
                keys.headroom(model, chosen));
    }

    /** The devices that the map may use, in its order. */
    private List<String> wanted(List<String> found) {
        if (named != null) {
            return List.copyOf(named.devices());
        }
        return among.isEmpty() ? found : among;
    }

    /** Logs that there is a GPU that libtorch cannot use, which nobody would notice but by the speed. */
    private static void tellOfUnusedGpu() {
        if (CudaDevices.areInMachine()) {
            String reason = TorchRuntime.isForCuda()
                    ? "sees no CUDA device: the driver must work (nvidia-smi), and JNA must find libcudart"
                    : "is a build for CPUs";
            LOG.warn(
                    "this machine has an NVIDIA GPU and the model computes on the CPU, as libtorch {} {}; docs/gpu.md says how"
                            + " to use the GPU, and device cpu ends this message",
                    TorchRuntime.version(),
                    reason);
        }
    }

    /** The device that a model would compute on for the most part on this machine. */
    private String place() {
        if (named != null) {
            return named.embedding();
        }
        return !among.isEmpty() ? among.get(0) : TorchRuntime.gpuCount() > 0 ? "cuda:0" : CPU;
    }

    private DevicePlan plan(
            String model, Precision precision, PartBytes parts, Map<String, Long> freeBytes, long headroom) {
        List<DevicePlan> candidates = candidates(parts, freeBytes, headroom).stream()
                .map(places -> places.plan(precision, parts))
                .toList();
        return candidates.stream()
                .filter(plan -> lacking(plan, freeBytes, headroom).isEmpty())
                .findFirst()
                .orElseThrow(() -> misfit(model, candidates.get(candidates.size() - 1), freeBytes, headroom));
    }

    /** The places to try, the best first. */
    private List<Places> candidates(PartBytes parts, Map<String, Long> freeBytes, long headroom) {
        if (named != null) {
            int told = named.layers().size();
            if (told != 0 && told != parts.layers()) {
                throw new IllegalArgumentException(
                        "a device map needs a device for each of the model's " + parts.layers() + " layers: " + told);
            }
            return List.of(named);
        }
        if (freeBytes.isEmpty() && among.isEmpty()) {
            return List.of(Places.around(CPU, List.of()));
        }
        List<String> devices = among.isEmpty() ? List.copyOf(freeBytes.keySet()) : among;
        Map<String, Long> room = new LinkedHashMap<>();
        devices.forEach(device -> room.put(device, freeBytes.getOrDefault(device, 0L) - headroom));
        String rest = offload ? CPU : devices.get(devices.size() - 1);
        return List.of(
                Places.around(devices.get(0), PartBytes.split(parts.layers(), devices)),
                Places.around(devices.get(0), parts.packed(room, rest)));
    }

    /** The memory that each device lacks, in words. */
    private List<String> lacking(DevicePlan plan, Map<String, Long> freeBytes, long headroom) {
        List<String> lacking = new ArrayList<>();
        plan.bytes().forEach((device, bytes) -> {
            long free = freeBytes.getOrDefault(device, among.contains(device) ? 0 : Long.MAX_VALUE);
            if (free - headroom < bytes) {
                lacking.add(device + " has " + gib(free) + " free and would need " + gib(bytes + headroom));
            }
        });
        return lacking;
    }

    private InternVLException misfit(String model, DevicePlan plan, Map<String, Long> freeBytes, long headroom) {
        long all = plan.bytes().values().stream().mapToLong(Long::longValue).sum();
        return new InternVLException(model + " does not fit: weights and KV cache take " + gib(all) + "; "
                + String.join(", ", lacking(plan, freeBytes, headroom))
                + "; options: DeviceMap.auto().offloadToCpu(), a shorter contextLength, a smaller maxConcurrent or no "
                + "staticSlots, a format of fewer bits, a smaller model, or device cpu");
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
    }
}
