package io.github.internvl;

import io.github.internvl.internal.model.LinearWeights;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.TorchRuntime;
import org.jspecify.annotations.Nullable;

/**
 * Where a model computes, and in what.
 *
 * @param device {@code cpu} or {@code cuda:N}, known to be there
 */
record Placement(Precision precision, String device) {

    /** Fills in what is not asked for: the first GPU, and the precision that suits device and checkpoint best. */
    static Placement choose(@Nullable Precision precision, @Nullable String device, Precision stored) {
        String place = device(device);
        return new Placement(precision == null ? usual(stored, place) : precision, place);
    }

    private static String device(@Nullable String asked) {
        int gpus = TorchRuntime.gpuCount();
        if (asked == null) {
            return gpus > 0 ? "cuda:0" : "cpu";
        }
        if (!asked.equals("cpu") && Integer.parseInt(asked.substring("cuda:".length())) >= gpus) {
            throw new InternVLException(
                    "device " + asked + " is not there: libtorch " + TorchRuntime.version() + " sees " + gpus
                            + " CUDA devices; use cpu, or give it a CUDA build of libtorch as docs/gpu.md says");
        }
        return asked;
    }

    private static Precision usual(Precision stored, String place) {
        return switch (stored) {
            case FLOAT32, INT8, INT4 -> stored;
            case BFLOAT16, FLOAT16 -> Precision.valueOf(best(place).name());
        };
    }

    /** The float format that a device is fastest in. */
    private static NumberFormat best(String place) {
        return !place.equals("cpu") || TorchRuntime.cpuHasBfloat16() ? NumberFormat.BFLOAT16 : NumberFormat.FLOAT32;
    }

    /** The same in terms of graphs. */
    Models.Format format() {
        return switch (precision) {
            case INT8 -> new Models.Format(best(device), LinearWeights.INT8, device);
            case INT4 -> new Models.Format(best(device), LinearWeights.INT4, device);
            case FLOAT32, BFLOAT16, FLOAT16 ->
                new Models.Format(NumberFormat.valueOf(precision.name()), LinearWeights.AS_STORED, device);
        };
    }
}
