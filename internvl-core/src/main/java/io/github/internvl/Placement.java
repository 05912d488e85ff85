package io.github.internvl;

import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.TorchRuntime;
import org.jspecify.annotations.Nullable;

/**
 * Where a model computes, and in what.
 *
 * @param devices devices that are known to be there, and to have room
 */
record Placement(Precision precision, DevicePlan devices) {

    /**
     * Fills in what is not asked for: the first GPU, and the precision that suits device and checkpoint best.
     *
     * @throws InternVLException if a device is not there, or the model does not fit
     */
    static Placement choose(
            @Nullable Precision precision,
            @Nullable DeviceMap asked,
            ModelInfo model,
            int keyTokens,
            boolean shortKeys) {
        DeviceMap map = asked == null ? DeviceMap.single(DeviceMap.auto().place()) : asked;
        Precision chosen = precision == null ? usual(model.storedPrecision(), map.place()) : precision;
        return new Placement(chosen, map.plan(model, chosen, keyTokens, shortKeys));
    }

    /** The precision for a checkpoint as it is stored. */
    static Precision usual(Precision stored, String place) {
        return switch (stored) {
            case FLOAT32, INT8, INT4 -> stored;
            case BFLOAT16, FLOAT16 -> Precision.valueOf(best(place).name());
        };
    }

    /** The float format that a device is fastest in. */
    private static NumberFormat best(String place) {
        return !place.equals("cpu") || TorchRuntime.cpuHasBfloat16() ? NumberFormat.BFLOAT16 : NumberFormat.FLOAT32;
    }

    /** The same in terms of graphs, with keys and values in 8 bits or not. */
    Models.Format format(boolean shortKeys) {
        NumberFormat numbers = switch (precision) {
            case INT8, INT4 -> best(devices.embedding());
            case FLOAT32, BFLOAT16, FLOAT16 -> NumberFormat.valueOf(precision.name());
        };
        return new Models.Format(numbers, ModelInfo.linears(precision), devices.spread(), shortKeys);
    }
}
