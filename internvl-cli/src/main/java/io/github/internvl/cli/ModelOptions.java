package io.github.internvl.cli;

import io.github.internvl.InternVL;
import io.github.internvl.InternVLBuilder;
import io.github.internvl.Precision;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a model is loaded, as options of a command that loads one. */
final class ModelOptions {
    @Option(
            names = "--precision",
            paramLabel = "FORMAT",
            description = "float32, bfloat16, float16, int8 or int4; without it, the best for the device.")
    private @Nullable Precision precision;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description =
                    "Compute on cpu or cuda:0; the latter needs a CUDA build of libtorch, which is not part of the command.")
    private @Nullable String device;

    @Option(
            names = "--context-length",
            paramLabel = "N",
            description = "Most tokens of a prompt and its answer together.")
    private @Nullable Integer contextLength;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute on CPUs; without it one for each physical core.")
    private @Nullable Integer threads;

    @Option(
            names = "--copy-weights",
            description =
                    "Read weights into memory instead of mapping them, for a folder whose files others may change.")
    private boolean copyWeights;

    /** Sets what was given. */
    void applyTo(InternVLBuilder builder) {
        builder.copyWeights(copyWeights);
        if (precision != null) {
            builder.precision(precision);
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

    /** Loads the model, and wipes the line that shows how far that has come. */
    static InternVL load(InternVLBuilder builder, LoadingBar bar) {
        try (bar) {
            return builder.load();
        }
    }
}
