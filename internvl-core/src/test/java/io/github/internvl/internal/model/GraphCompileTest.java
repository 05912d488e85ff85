package io.github.internvl.internal.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.internvl.internal.torch.ScriptModule;
import io.github.internvl.internal.torch.TorchRuntime;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** libtorch compiles every graph with every file that can stand behind a name of it, those for other devices too. */
class GraphCompileTest {
    @ParameterizedTest
    @EnumSource(LinearKernel.class)
    void compilesEveryLinearInEveryGraph(LinearKernel kernel) {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "libtorch has the kernels for x86 on x86 alone");
        for (String mlp : new String[] {"gated", "moe"}) {
            Map<String, String> used =
                    Map.of("linear", kernel.file(), "head", kernel.file(), "projector", kernel.file(), "mlp", mlp);
            for (String graph : new String[] {"decoder", "vision", "probe", "limits"}) {
                ScriptModule.compile(graph, used).close();
            }
        }
    }

    @Test
    void compilesAKernelForEachDevice() {
        Map<String, String> used = Map.of(
                "linear", "by_device", "on_cuda", "int4_cuda", "on_cpu", "int4", "head", "dense", "mlp", "gated");
        ScriptModule.compile("decoder", used).close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cache", "cache_int8"})
    void compilesEitherCache(String cache) {
        ScriptModule.compile("decoder", Map.of("linear", "dense", "head", "int8", "cache", cache, "mlp", "gated"))
                .close();
    }

    @Test
    void compilesTheNormsForGpus() {
        Map<String, String> used =
                Map.of("linear", "dense", "head", "dense", "projector", "dense", "mlp", "gated", "norm", "norm_cuda");
        for (String graph : new String[] {"decoder", "vision"}) {
            ScriptModule.compile(graph, used).close();
        }
    }

    @Test
    void compilesThePlacementOnGpus() {
        assumeTrue(TorchRuntime.gpuCount() > 0, "a libtorch without CUDA has no operator that sets the current device");
        Map<String, String> used = Map.of(
                "linear",
                "dense",
                "head",
                "dense",
                "projector",
                "dense",
                "mlp",
                "gated",
                "placement",
                "placement_cuda");
        for (String graph : new String[] {"decoder", "vision"}) {
            ScriptModule.compile(graph, used).close();
        }
        ScriptModule.compile("stream", Map.of()).close();
    }

    @ParameterizedTest
    @EnumSource(AttentionKernel.class)
    void compilesEveryAttentionInEveryGraph(AttentionKernel kernel) {
        Map<String, String> used = Map.of(
                "linear", "dense", "head", "dense", "projector", "dense", "mlp", "gated", "attention", kernel.file());
        for (String graph : new String[] {"decoder", "vision", "trial"}) {
            ScriptModule.compile(graph, used).close();
        }
    }

    @Test
    void compilesAttentionOverEachSlotsOwnSequence() {
        Map<String, String> used = Map.of(
                "linear",
                "dense",
                "head",
                "dense",
                "mlp",
                "gated",
                "attention",
                "attention_cuda",
                "static_slots",
                "static_slots_cuda");
        ScriptModule.compile("decoder", used).close();
    }

    @Test
    void compilesTheTable() {
        ScriptModule.compile("table", Map.of()).close();
    }

    @Test
    void refusesAFileThatIsNotThere() {
        assertThatThrownBy(() -> ScriptModule.compile("vision", Map.of("linear", "int3", "projector", "dense")))
                .hasMessageContaining("int3.py");
    }
}
