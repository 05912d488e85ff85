package io.github.internvl.internal.model;

import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.VisionConfig;
import io.github.internvl.internal.torch.CudaDevices;
import io.github.internvl.internal.torch.NumberFormat;
import io.github.internvl.internal.torch.ScriptModule;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The graph text that computes attention of many positions. On a GPU it is a kernel that takes no masks, where the device has it. On a
 * CPU it is libtorch's fused kernel, or products in blocks. On CPUs that multiply
 * bfloat16 by AVX-512 the fused kernel leaves most of their speed unused; where tiles of AMX multiply, it is the faster one. No
 * property of a CPU tells that, so both compute attention of the model's sizes at loading, in turns, and the faster one is used. A
 * process tries a size once.
 */
enum AttentionKernel {
    FUSED("attention"),
    BLOCKS("attention_blocks"),
    CUDA("attention_cuda");

    private static final Logger LOG = LoggerFactory.getLogger(AttentionKernel.class);
    private static final int ROUNDS = 5;
    private static final double MARGIN =
            1.2; // by which the other kernel must be faster, since machines are never quiet
    private static final int CHUNK = 512;
    private static final int FLASH_CAPABILITY = 80; // of a GPU
    private static final int FLASH_WIDTH = 256; // of a head, at most; a multiple of FLASH_GRAIN
    private static final int FLASH_GRAIN = 8;
    private static final Map<Trial, AttentionKernel> TRIED = new ConcurrentHashMap<>();

    private final String file;

    AttentionKernel(String file) {
        this.file = file;
    }

    /** A call of the graph {@code trial} that makes inputs. */
    private record Trial(String method, List<Integer> sizes) {}

    /** The graph text's file, without its ending. */
    String file() {
        return file;
    }

    /**
     * The file of attention over static slots: on a GPU each slot's own sequence, by a kernel for 16 bits that reads keys as they are
     * stored; otherwise up to the longest sequence.
     */
    String slotsFile(NumberFormat numbers, boolean shortKeys) {
        return this == CUDA && numbers != NumberFormat.FLOAT32 && !shortKeys ? "static_slots_cuda" : "static_slots";
    }

    /** The kernel for tiles. */
    static AttentionKernel ofTiles(VisionConfig vit, NumberFormat numbers, String device) {
        int positions = 1 + vit.patches();
        return fastest(numbers, Set.of(device), "tile", vit.heads(), positions, vit.width() / vit.heads());
    }

    /** The kernel for prompts. */
    static AttentionKernel ofPrompts(LanguageConfig llm, NumberFormat numbers, Set<String> devices) {
        if (takesNoMasks(devices, llm.headWidth())) {
            return CUDA;
        }
        int group = llm.heads() / llm.kvHeads();
        return fastest(numbers, devices, "prompt", CHUNK, 2 * CHUNK, llm.kvHeads(), group, llm.headWidth());
    }

    /** Whether all are GPUs that have the kernel; one that is not there is taken for a new one. */
    private static boolean takesNoMasks(Set<String> devices, int width) {
        return width <= FLASH_WIDTH
                && width % FLASH_GRAIN == 0
                && devices.stream().allMatch(CudaDevices::isCuda)
                && devices.stream()
                        .mapToInt(CudaDevices::capability)
                        .allMatch(capability -> capability == 0 || capability >= FLASH_CAPABILITY);
    }

    private static AttentionKernel fastest(NumberFormat numbers, Set<String> devices, String method, Integer... sizes) {
        boolean known = numbers != NumberFormat.BFLOAT16 || !devices.equals(Set.of("cpu"));
        return known ? FUSED : TRIED.computeIfAbsent(new Trial(method, List.of(sizes)), AttentionKernel::tried);
    }

    private static AttentionKernel tried(Trial trial) {
        try (ScriptModule fused = compiled(FUSED, trial);
                ScriptModule blocks = compiled(BLOCKS, trial)) {
            double one = Double.MAX_VALUE;
            double other = Double.MAX_VALUE;
            for (int round = 0; round < ROUNDS; round++) {
                one = Math.min(one, seconds(fused));
                other = Math.min(other, seconds(blocks));
            }
            LOG.debug("attention of a {} {}: {} s fused, {} s in blocks", trial.method(), trial.sizes(), one, other);
            return MARGIN * other < one ? BLOCKS : FUSED;
        } catch (RuntimeException e) { // nothing depends on a trial
            LOG.debug("attention of a {} {} cannot be tried", trial.method(), trial.sizes(), e);
            return FUSED;
        }
    }

    private static ScriptModule compiled(AttentionKernel kernel, Trial trial) {
        ScriptModule module = ScriptModule.compile("trial", Map.of("attention", kernel.file));
        Object[] arguments = Stream.concat(trial.sizes().stream(), Stream.of(NumberFormat.BFLOAT16.code()))
                .toArray();
        try {
            module.run(trial.method(), arguments);
            module.call("attend").close();
            return module;
        } catch (RuntimeException | Error e) {
            module.close();
            throw e;
        }
    }

    private static double seconds(ScriptModule module) {
        long start = System.nanoTime();
        module.call("attend").close();
        return (System.nanoTime() - start) / 1e9;
    }
}
