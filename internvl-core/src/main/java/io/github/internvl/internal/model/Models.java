package io.github.internvl.internal.model;

import io.github.internvl.DevicePlan;
import io.github.internvl.InternVLException;
import io.github.internvl.Precision;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.StoredTensor;
import io.github.internvl.internal.torch.ComputeFailure;
import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.HugePages;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The two graphs of a model with their weights.
 *
 * @param vision tiles to visual tokens
 * @param language tokens to logits
 * @param devices where they compute
 */
public record Models(VisionEncoder vision, LanguageModel language, Set<String> devices) implements AutoCloseable {
    private static final int QUANTIZED_INPUTS = 32;
    private static final int BFLOAT16_CAPABILITY = 80; // of a GPU; older ones imitate it, with attention in float32

    /**
     * The number formats and devices of a model.
     *
     * @param numbers the number format of all that is not quantized
     * @param places the devices, and the precision of the language model's linears: those of float formats stay as stored
     * @param shortKeys whether keys and values are kept in 8 bits
     * @param shortVision whether the linears of the ViT are in 8 bits
     */
    public record Format(NumberFormat numbers, DevicePlan places, boolean shortKeys, boolean shortVision) {

        /** All of it on one device, {@code cpu} or {@code cuda:N}. */
        public Format(NumberFormat numbers, Precision precision, String device) {
            this(numbers, DevicePlan.single(precision, device), false, false);
        }

        /** The format of a plan; beside quantized linears, numbers are in the float format that the device is fastest in. */
        public static Format of(DevicePlan plan, boolean shortKeys, boolean shortVision) {
            NumberFormat numbers = switch (plan.precision()) {
                case FP8, INT8, INT4 -> fastest(plan.embedding());
                case FLOAT32, BFLOAT16, FLOAT16 ->
                    NumberFormat.valueOf(plan.precision().name());
            };
            return new Format(numbers, plan, shortKeys, shortVision);
        }

        /** All devices, {@code cpu} or {@code cuda:N}. */
        Set<String> devices() {
            Set<String> all = new HashSet<>(places.layers());
            all.addAll(List.of(places.vision(), places.projector(), places.embedding(), places.head()));
            return all;
        }

        /** The precision of the language model's linears. */
        Precision precision() {
            return places.precision();
        }
    }

    /** The precision that suits a checkpoint, as it is stored, and a device best. */
    public static Precision usual(Precision stored, String device) {
        return switch (stored) {
            case FLOAT32, FP8, INT8, INT4 -> stored;
            case BFLOAT16, FLOAT16 -> Precision.valueOf(fastest(device).name());
        };
    }

    private static NumberFormat fastest(String device) {
        if (device.equals("cpu")) {
            return TorchRuntime.cpuHasBfloat16() ? NumberFormat.BFLOAT16 : NumberFormat.FLOAT32;
        }
        int capability = CudaDevices.capability(device);
        return capability == 0 || capability >= BFLOAT16_CAPABILITY ? NumberFormat.BFLOAT16 : NumberFormat.FLOAT16;
    }

    /**
     * Loads a checkpoint.
     *
     * @param progress hears of the bytes of weights that are ready, after each layer
     */
    public static Models load(Checkpoint checkpoint, Format format, LongConsumer progress) {
        try {
            return TorchRuntime.onOwnThread(() -> made(checkpoint, format, progress));
        } catch (RuntimeException e) {
            freeGpus(format.devices());
            throw ComputeFailure.ofLoading(e);
        }
    }

    /** Allocates the static cache, see {@link LanguageModel#allocate}; if there is no memory for it, the models stay as they were. */
    public void allocate(int slots, int tokens) {
        try {
            TorchRuntime.onOwnThread(() -> {
                language.allocate(slots, tokens);
                return this;
            });
        } catch (RuntimeException e) {
            freeGpus(devices);
            throw new InternVLException(
                    "static slots do not fit: " + slots + " of " + tokens + " tokens each; lower maxConcurrent or "
                            + "contextLength, or set staticSlots(false): " + e.getMessage(),
                    e);
        } catch (Error e) {
            close();
            throw e;
        }
    }

    private static Models made(Checkpoint checkpoint, Format format, LongConsumer progress) {
        ModelConfig config = checkpoint.config();
        check(checkpoint, format);
        Layout layout = Layout.of(config, checkpoint.tensors().keySet());
        List<Weight> vision = layout.vision();
        List<Weight> language = layout.language();
        List<Weight> all = new ArrayList<>(vision);
        all.addAll(language);
        WeightLoader.check(checkpoint, all);
        HugePages pages = HugePages.before();
        ScriptModule vit =
                GraphBuilder.build(checkpoint, vision(config, format, vision, stored(checkpoint, vision)), progress);
        try {
            GraphRecipe decoder = language(config, format, language, stored(checkpoint, language));
            ScriptModule llm = GraphBuilder.build(checkpoint, decoder, progress);
            TorchRuntime.trimMemory();
            freeGpus(format.devices());
            pages.enlarge();
            return new Models(
                    new VisionEncoder(vit, config, format.numbers().bytes()),
                    new LanguageModel(
                            llm,
                            config.language(),
                            CudaDevices.isCuda(format.places().head())),
                    format.devices());
        } catch (RuntimeException | Error e) {
            vit.close();
            throw e;
        }
    }

    private static void check(Checkpoint checkpoint, Format format) {
        LanguageConfig llm = checkpoint.config().language();
        boolean eight = format.precision() == Precision.INT8 || format.precision() == Precision.FP8;
        if (eight && llm.packedGroup() > 0) {
            throw new InternVLException(checkpoint.folder() + ": 4-bit weights cannot be loaded as "
                    + format.precision() + "; use INT4, or the checkpoint that they were made from");
        }
        List<Integer> inputs = new ArrayList<>(List.of(llm.width(), llm.heads() * llm.headWidth()));
        if (llm.mixtures() > 0) {
            inputs.add(llm.experts().width());
        }
        if (llm.mixtures() < llm.layers()) {
            inputs.add(llm.mlpWidth());
        }
        if (format.precision() == Precision.INT4 && inputs.stream().anyMatch(width -> width % QUANTIZED_INPUTS != 0)) {
            throw new InternVLException(checkpoint.folder() + ": widths must be multiples of " + QUANTIZED_INPUTS
                    + " for INT4: " + inputs + "; use INT8");
        }
    }

    /** The formats that weights are stored in. */
    static Set<NumberFormat> stored(Checkpoint checkpoint, List<Weight> weights) {
        return weights.stream()
                .map(weight -> checkpoint.tensors().get(weight.stored()))
                .filter(Objects::nonNull)
                .map(StoredTensor::format)
                .collect(Collectors.toSet());
    }

    static GraphRecipe vision(ModelConfig config, Format format, List<Weight> weights, Set<NumberFormat> stored) {
        Set<String> devices =
                Set.copyOf(List.of(format.places().vision(), format.places().projector()));
        LinearKernel wide = LinearKernel.ofVision(stored, format.numbers(), devices);
        LinearKernel layers = format.shortVision()
                ? LinearKernel.ofShortVision(
                        format.numbers(), Set.of(format.places().vision()))
                : wide;
        return GraphRecipe.vision(config, format, weights, layers, wide);
    }

    private static GraphRecipe language(
            ModelConfig config, Format format, List<Weight> weights, Set<NumberFormat> stored) {
        return GraphRecipe.language(
                config, format, weights, layerKernels(config, format, stored), headKernel(format, stored));
    }

    /** The kernels of the layers on GPUs (true) and of those on the CPU (false), as far as there are such. */
    static Map<Boolean, LinearKernel> layerKernels(ModelConfig config, Format format, Set<NumberFormat> stored) {
        Map<Boolean, Set<String>> devices = IntStream.range(0, config.language().layers())
                .mapToObj(format.places()::layer)
                .collect(Collectors.groupingBy(CudaDevices::isCuda, TreeMap::new, Collectors.toSet()));
        Map<Boolean, LinearKernel> kernels = new TreeMap<>();
        devices.forEach((cuda, own) ->
                kernels.put(cuda, LinearKernel.ofLayers(format.precision(), stored, format.numbers(), own)));
        return kernels;
    }

    static LinearKernel headKernel(Format format, Set<NumberFormat> stored) {
        return LinearKernel.ofHead(
                format.precision(),
                stored,
                format.numbers(),
                Set.of(format.places().head()));
    }

    /** Whether all devices still compute. */
    public boolean compute() {
        return devices.stream().allMatch(TorchRuntime::computes);
    }

    /** Gives memory that is free on GPUs back to the driver, for other models and programs. */
    private static void freeGpus(Set<String> devices) {
        if (devices.stream().anyMatch(CudaDevices::isCuda)) {
            TorchRuntime.trimGpuMemory();
        }
    }

    @Override
    public void close() {
        vision.close();
        language.close();
        freeGpus(devices);
    }
}
