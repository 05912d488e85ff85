package io.github.internvl.cli;

import io.github.internvl.DeviceMap;
import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.Precision;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options for loading a model. */
final class ModelOptions {
    @Option(
            names = "--precision",
            paramLabel = "FORMAT",
            description = "float32, bfloat16, float16, fp8, int8 or int4. Default: the best for the device.")
    private @Nullable Precision precision;

    @Option(
            names = "--vision-precision",
            paramLabel = "FORMAT",
            description = "int8: the ViT in 8 bits, on a CPU with VNNI; compare its speed with bench first. "
                    + "Default: as the rest of the model.")
    private @Nullable Precision visionPrecision;

    @ArgGroup(exclusive = true)
    private @Nullable Place place;

    /** Where a model computes; at most one of these options is set. */
    static final class Place {
        @Option(
                names = "--device",
                paramLabel = "DEVICE",
                description = "cpu or cuda:0; the latter requires a CUDA build of libtorch, which is not included.")
        private @Nullable String device;

        @Option(
                names = "--devices",
                paramLabel = "DEVICE",
                split = ",",
                description = "Spread the layers over these GPUs, cuda:0,cuda:1, or over all of them, auto.")
        private @Nullable List<String> devices;

        @Option(
                names = "--tp",
                paramLabel = "N",
                description =
                        "Spread the layers over the first N GPUs. The name is LMDeploy's; unlike there, each layer "
                                + "is whole on one GPU.")
        private @Nullable Integer gpus;

        /** The places in terms of the library. */
        DeviceMap map() {
            if (device != null) {
                return DeviceMap.single(device);
            }
            if (devices != null) {
                return devices.equals(List.of("auto")) ? DeviceMap.auto() : DeviceMap.over(devices);
            }
            int count = gpus == null ? 0 : gpus;
            if (count < 1) {
                throw new IllegalArgumentException("--tp must be at least 1: " + count);
            }
            return DeviceMap.over(
                    IntStream.range(0, count).mapToObj(i -> "cuda:" + i).toList());
        }
    }

    @Option(
            names = "--context-length",
            paramLabel = "N",
            description = "Maximum number of tokens in a prompt and its answer together.")
    private @Nullable Integer contextLength;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "CPU compute threads. Default: one for each physical core.")
    private @Nullable Integer threads;

    @Option(
            names = "--static-slots",
            negatable = true,
            description =
                    "Allocate the whole context of each request at the start, and compute attention for all "
                            + "together. Default: on GPUs that have the memory; --no-static-slots allocates as requests need it.")
    private @Nullable Boolean staticSlots;

    @Option(names = "--cuda-graphs", description = "Capture decode steps into CUDA graphs; experimental.")
    private boolean cudaGraphs;

    @Option(
            names = "--copy-weights",
            description = "Read weights into memory instead of mapping them, for a folder whose files may change.")
    private boolean copyWeights;

    /** The device; null if none was given. */
    @Nullable
    String device() {
        return place == null ? null : place.device;
    }

    /** Whether slots are static; null if nothing was said. */
    @Nullable
    Boolean staticSlots() {
        return staticSlots;
    }

    /** Whether the layers are to be spread over GPUs. */
    boolean isSpread() {
        return place != null && place.device == null;
    }

    /** Applies the options that were given. */
    void applyTo(InternVLBuilder builder) {
        builder.copyWeights(copyWeights);
        if (cudaGraphs) {
            builder.cudaGraphs(true);
        }
        if (staticSlots != null) {
            builder.staticSlots(staticSlots);
        }
        if (precision != null) {
            builder.precision(precision);
        }
        if (visionPrecision != null) {
            builder.visionPrecision(visionPrecision);
        }
        if (place != null) {
            builder.devices(place.map());
        }
        if (threads != null) {
            builder.threads(threads);
        }
        if (contextLength != null) {
            builder.contextLength(contextLength);
        }
    }

    /** Loads the model and clears the progress line. */
    static InternVL load(InternVLBuilder builder, LoadingBar bar) {
        try (bar) {
            return builder.load();
        }
    }
}
