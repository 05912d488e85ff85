package io.github.internvl.cli;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.Precision;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for loading a model. */
final class ModelOptions {
    @Option(
            names = "--precision",
            paramLabel = "FORMAT",
            description = "float32, bfloat16, float16, int8 or int4. Default: the best for the device.")
    private @Nullable Precision precision;

    @Option(
            names = "--vision-precision",
            paramLabel = "FORMAT",
            description = "int8: the ViT in 8 bits, on a CPU with VNNI; compare its speed with bench first. "
                    + "Default: as the rest of the model.")
    private @Nullable Precision visionPrecision;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description = "cpu or cuda:0; the latter requires a CUDA build of libtorch, which is not included.")
    private @Nullable String device;

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
            description = "Allocate the whole context of each request at the start, and compute attention for all together. "
                    + "Default: on GPUs that have the memory; --no-static-slots allocates as requests need it.")
    private @Nullable Boolean staticSlots;

    @Option(
            names = "--cuda-graphs",
            description = "Capture decode steps into CUDA graphs; experimental.")
    private boolean cudaGraphs;

    @Option(
            names = "--copy-weights",
            description = "Read weights into memory instead of mapping them, for a folder whose files may change.")
    private boolean copyWeights;

    /** The device; null if none was given. */
    @Nullable
    String device() {
        return device;
    }

    /** Whether slots are static; null if nothing was said. */
    @Nullable
    Boolean staticSlots() {
        return staticSlots;
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
        if (device != null) {
            builder.device(device);
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
