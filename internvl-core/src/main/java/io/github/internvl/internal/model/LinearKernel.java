package io.github.internvl.internal.model;

import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.Tensor;
import java.util.List;
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
    INT8_ONEDNN("int8_onednn"),
    INT8_FBGEMM("int8_fbgemm"),
    INT8("int8"),
    INT4_CPU("int4_cpu"),
    INT4_CUDA("int4_cuda"),
    INT4("int4");

    private static final Logger LOG = LoggerFactory.getLogger(LinearKernel.class);
    private static final float LARGEST = 127 * 128;
    private static final float TOLERANCE = 0.01f * LARGEST;

    private final String file;

    LinearKernel(String file) {
        this.file = file;
    }

    /** The graph text's file, without its ending. */
    String file() {
        return file;
    }

    /**
     * The kernel for the layers.
     *
     * @param packed whether the checkpoint has them in four bits
     * @param numbers what is computed in
     * @param devices where the layers are
     */
    static LinearKernel ofLayers(LinearWeights weights, boolean packed, NumberFormat numbers, Set<String> devices) {
        boolean rounded = weights != LinearWeights.AS_STORED || numbers == NumberFormat.BFLOAT16;
        if (!packed) {
            return switch (weights) {
                case AS_STORED -> DENSE;
                case INT8 -> int8(numbers, devices);
                case INT4 -> int4(numbers, devices);
            };
        }
        return rounded ? int4(numbers, devices) : INT4; // only that one is exact
    }

    /** The kernel for the head; quantized checkpoints have it in full. */
    static LinearKernel ofHead(LinearWeights weights, boolean packed, NumberFormat numbers, Set<String> devices) {
        return packed || weights == LinearWeights.AS_STORED ? DENSE : int8(numbers, devices);
    }

    private static LinearKernel int8(NumberFormat numbers, Set<String> devices) {
        return areCpu(devices) ? first(numbers, devices, INT8_ONEDNN, INT8_FBGEMM, INT8) : INT8;
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

    /** Whether this machine computes the largest products without overflow. */
    boolean works(NumberFormat numbers, String device) {
        Map<String, String> used =
                Map.of("weights", "weights", "layers", "layers", "quantize", "quantize", "linear", file);
        try (ScriptModule probe = ScriptModule.compile("probe", used, List.of("tensors"), List.of());
                Tensor found = probe.call("check", numbers.code(), device)) {
            for (float value : found.floats()) {
                if (!(Math.abs(value - LARGEST) < TOLERANCE)) {
                    LOG.debug("{} overflows here: {} instead of {}", file, value, LARGEST);
                    return false;
                }
            }
            return true;
        } catch (RuntimeException e) { // an unknown or unsupported operation: the next kernel does without
            LOG.debug("{} is not available here", file, e);
            return false;
        }
    }
}
