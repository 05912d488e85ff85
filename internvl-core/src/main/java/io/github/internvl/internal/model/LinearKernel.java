package io.github.internvl.internal.model;

import io.github.internvl.InternVLException;
import io.github.internvl.Precision;
import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The graph text that computes a linear. Which kernels a machine has depends on its CPU and on how its libtorch was built,
 * and some overflow on CPUs that they were not made for; so those in question are tried out, fastest first.
 */
enum LinearKernel {
    DENSE("dense"),
    DENSE_CUDA("dense_cuda"),
    HALF("half"),
    PACKED("packed"),
    INT8_ONEDNN("int8_onednn"),
    INT8_FBGEMM("int8_fbgemm"),
    INT8_MIXED_CUDA("int8_mixed_cuda"),
    INT8_CUDA("int8_cuda"),
    INT8("int8"),
    FP8_CUDA("fp8_cuda"),
    FP8("fp8"),
    INT4_CPU("int4_cpu"),
    INT4_CUDA("int4_cuda"),
    INT4("int4");

    private static final Logger LOG = LoggerFactory.getLogger(LinearKernel.class);
    private static final float LARGEST = 127 * 128;
    private static final float TOLERANCE = 0.01f; // of the largest product, for overflow
    private static final float ROUNDING = 0.1f; // of the largest output: 3 times what 4 bits lose

    private final String file;

    LinearKernel(String file) {
        this.file = file;
    }

    /** Bytes that it reads for each weight; those of a scale and a zero for each 32 among them. */
    double bytes(NumberFormat numbers) {
        return switch (this) {
            case DENSE, DENSE_CUDA, PACKED -> numbers.bytes();
            case HALF -> 2;
            case INT8_ONEDNN, INT8_FBGEMM, INT8_MIXED_CUDA, INT8_CUDA, INT8, FP8_CUDA, FP8 -> 1;
            case INT4_CPU, INT4_CUDA, INT4 -> 0.625;
        };
    }

    /** The graph text's file, without its ending. */
    String file() {
        return file;
    }

    /**
     * The kernel for the language model's layers.
     *
     * @param precision the weights of float formats stay as stored; the others are quantized
     * @param stored the formats that their weights are stored in; {@link NumberFormat#INT32} for those of four bits
     * @param numbers what is computed in
     * @param devices where the layers are
     */
    static LinearKernel ofLayers(
            Precision precision, Set<NumberFormat> stored, NumberFormat numbers, Set<String> devices) {
        if (stored.contains(NumberFormat.INT32)) {
            boolean exact = !isQuantized(precision) && numbers != NumberFormat.BFLOAT16;
            return exact ? INT4 : int4(numbers, devices);
        }
        return switch (precision) {
            case FLOAT32, BFLOAT16, FLOAT16 -> floats(stored, numbers, devices);
            case INT8 -> int8(numbers, devices);
            case FP8 -> fp8(numbers, devices);
            case INT4 -> int4(numbers, devices);
        };
    }

    /** The kernel for the head; checkpoints of four bits have it in full. */
    static LinearKernel ofHead(
            Precision precision, Set<NumberFormat> stored, NumberFormat numbers, Set<String> devices) {
        if (!isQuantized(precision) || stored.contains(NumberFormat.INT32)) {
            return floats(stored, numbers, devices);
        }
        return precision == Precision.FP8 ? fp8(numbers, devices) : int8(numbers, devices);
    }

    /** The kernel for ViT and projector, whose inputs have a thousand rows: packing bfloat16 gains nothing there. */
    static LinearKernel ofVision(Set<NumberFormat> stored, NumberFormat numbers, Set<String> devices) {
        return numbers == NumberFormat.BFLOAT16 ? DENSE : floats(stored, numbers, devices);
    }

    /**
     * The kernel for a ViT in 8 bits.
     *
     * @throws InternVLException if this machine has none that is faster than that of {@link #ofVision}
     */
    static LinearKernel ofShortVision(NumberFormat numbers, Set<String> devices) {
        if (areCpu(devices) && INT8_ONEDNN.works(numbers, "cpu")) {
            return INT8_ONEDNN;
        }
        throw new InternVLException(
                "visionPrecision INT8 needs a CPU that sums products of bytes in 32 bits (VNNI or AMX): "
                        + String.join(" and ", devices) + " has no such kernel; leave visionPrecision out");
    }

    private static boolean isQuantized(Precision precision) {
        return precision == Precision.INT8 || precision == Precision.FP8 || precision == Precision.INT4;
    }

    private static LinearKernel floats(Set<NumberFormat> stored, NumberFormat numbers, Set<String> devices) {
        if (devices.stream().allMatch(CudaDevices::isCuda)) {
            return DENSE_CUDA;
        }
        if (!areCpu(devices) || numbers == NumberFormat.FLOAT16) {
            return DENSE;
        }
        boolean short16 = stored.stream().allMatch(format -> format.bytes() <= 2 || !format.isFloat());
        return numbers == NumberFormat.FLOAT32 && short16
                ? first(numbers, devices, HALF, PACKED, DENSE)
                : first(numbers, devices, PACKED, DENSE);
    }

    private static LinearKernel int8(NumberFormat numbers, Set<String> devices) {
        return areCpu(devices)
                ? first(numbers, devices, INT8_ONEDNN, INT8_FBGEMM, INT8)
                : first(numbers, devices, INT8_MIXED_CUDA, INT8_CUDA, INT8);
    }

    private static LinearKernel fp8(NumberFormat numbers, Set<String> devices) {
        return areCpu(devices) ? FP8 : first(numbers, devices, FP8_CUDA, FP8);
    }

    private static LinearKernel int4(NumberFormat numbers, Set<String> devices) {
        return first(numbers, devices, areCpu(devices) ? INT4_CPU : INT4_CUDA, INT4);
    }

    private static boolean areCpu(Set<String> devices) {
        return devices.stream().allMatch(device -> device.startsWith("cpu"));
    }

    /** The last works everywhere; the others must on all of the devices. */
    private static LinearKernel first(NumberFormat numbers, Set<String> devices, LinearKernel... kernels) {
        return Stream.of(kernels)
                .filter(kernel -> kernel == kernels[kernels.length - 1]
                        || devices.stream().allMatch(device -> kernel.works(numbers, device)))
                .findFirst()
                .orElseThrow();
    }

    /** Whether this machine computes the largest products without overflow, and others as a plain product does but for rounding. */
    boolean works(NumberFormat numbers, String device) {
        try (ScriptModule probe = ScriptModule.compile("probe", Map.of("linear", file))) {
            double overflow = farthest(probe, "check", numbers, device);
            double apart = farthest(probe, "compare", numbers, device);
            if (!(overflow < TOLERANCE)) {
                LOG.debug("{} overflows here: it is off by {} of the largest product", file, overflow);
            } else if (!(apart < ROUNDING)) {
                LOG.warn(
                        "{} must multiply as a plain product does: on {} it is off by {} of the largest output and is not used",
                        file,
                        device,
                        apart);
            }
            return overflow < TOLERANCE && apart < ROUNDING;
        } catch (RuntimeException e) { // an unknown or unsupported operation: the next kernel does without
            LOG.debug("{} is not available here", file, e);
            return false;
        }
    }

    /** The largest distance of a trial's outputs from {@link #LARGEST}, as a share of it; not a number if one is none. */
    private double farthest(ScriptModule probe, String trial, NumberFormat numbers, String device) {
        double most = 0;
        try (Tensor found = probe.call(trial, numbers.code(), device)) {
            for (float value : found.floats()) {
                most = Math.max(most, Math.abs(value - LARGEST) / LARGEST);
            }
        }
        return most;
    }
}
