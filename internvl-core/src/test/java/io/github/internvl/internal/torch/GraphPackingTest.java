package io.github.internvl.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The packer writes exactly the dialect that TorchScript archives are serialised in. */
class GraphPackingTest {
    private static String packed(String text) {
        return GraphText.pack(text, "linear");
    }

    @Test
    void givesClassesAndFunctionsTheirFullNames() {
        assertThat(packed("""
                # A scale.

                import layers
                import weights


                class Scale:
                    norm : layers.Norm
                    factor : Tensor    # [d]

                    def __init__(self, norm: layers.Norm, factor: Tensor) -> None:
                        self.norm = norm
                        self.factor = factor

                    def forward(self, x: Tensor) -> Tensor:
                        return widened(self.norm.forward(x)) * self.factor    # [n, d]


                def widened(x: Tensor) -> Tensor:
                    return x.to(torch.float32)    # [n, d]


                def load(w: weights.Weights, name: str) -> Scale:
                    scales : List[Scale] = [Scale(w.norm(name), w.take("factor"))]
                    return scales[0]
                """)).isEqualTo("""
                # A scale.


                class Scale:
                    norm : __torch__.layers.Norm
                    factor : Tensor    # [d]

                    def __init__(self: __torch__.linear.Scale, norm: __torch__.layers.Norm, factor: Tensor) -> None:
                        self.norm = norm
                        self.factor = factor

                    def forward(self: __torch__.linear.Scale, x: Tensor) -> Tensor:
                        return __torch__.linear.widened(self.norm.forward(x)) * self.factor    # [n, d]


                def widened(x: Tensor) -> Tensor:
                    return x.to(6)    # [n, d]


                def load(w: __torch__.weights.Weights, name: str) -> __torch__.linear.Scale:
                    scales : List[__torch__.linear.Scale] = [__torch__.linear.Scale(w.norm(name), w.take("factor"))]
                    return scales[0]
                """);
    }

    @Test
    void typesSelfByTheClassAroundIt() {
        assertThat(packed("""
                class First:
                    def size(self) -> int:
                        return 1

                class Second:
                    def size(self, first: First) -> int:
                        return first.size()
                """)).isEqualTo("""
                class First:
                    def size(self: __torch__.linear.First) -> int:
                        return 1

                class Second:
                    def size(self: __torch__.linear.Second, first: __torch__.linear.First) -> int:
                        return first.size()
                """);
    }

    @Test
    void saysOfAGraphThatItHasNoParameters() {
        assertThat(packed("""
                class Graph(torch.nn.Module):
                    layers : List[Tensor]

                    def size(self) -> int:
                        return len(self.layers)
                """)).isEqualTo("""
                class Graph(Module):
                    __parameters__ = []
                    __buffers__ = []
                    training : bool
                    layers : List[Tensor]

                    def size(self: __torch__.linear.Graph) -> int:
                        return len(self.layers)
                """);
    }

    @Test
    void findsWhatAGraphImportsAndItsLists() {
        String text = """
                # import nothing

                import cache
                import layers


                class Rows:
                    counts : List[int]


                class Graph(torch.nn.Module):
                    layers : List[layers.Norm]
                    slots : List[List[Tensor]]    # empty at first

                    def size(self) -> int:
                        own : List[int] = []
                        return len(own)
                """;
        assertThat(GraphText.imports(text)).containsExactly("cache", "layers");
        assertThat(GraphText.lists(text)).containsExactly("layers", "slots");
    }

    @Test
    void writesNumberFormatsAsCodes() {
        for (NumberFormat format : NumberFormat.values()) {
            String name = "torch." + format.name().toLowerCase(Locale.ROOT);
            assertThat(packed("x.to(" + name + ")")).isEqualTo("x.to(" + format.code() + ")");
        }
        assertThat(packed("def f(x: Tensor, wanted: torch.dtype) -> Tensor:"))
                .isEqualTo("def f(x: Tensor, wanted: int) -> Tensor:");
        assertThat(packed("torch.arange(n, dtype=torch.int64)")).isEqualTo("torch.arange(n, dtype=4)");
        assertThat(packed("torch.full([n], -torch.inf, dtype=x.dtype)"))
                .isEqualTo("torch.full([n], -inf, dtype=x.dtype)");
    }

    @Test
    void tellsTheTypeOfADeviceFromACall() {
        assertThat(packed("def f(device: torch.device) -> Tensor: g(device, torch.device(\"cpu\"))"))
                .isEqualTo("def f(device: Device) -> Tensor: g(device, torch.device(\"cpu\"))");
    }

    @Test
    void writesOperatorsAndTheirClassesAsArchivesDo() {
        assertThat(packed("packed : List[torch.classes.quantized.LinearPackedParamsBase]"))
                .isEqualTo("packed : List[__torch__.torch.classes.quantized.LinearPackedParamsBase]");
        assertThat(packed("torch.ops.quantized.linear_prepack(w, torch.jit.annotate(List[int], []))"))
                .isEqualTo("ops.quantized.linear_prepack(w, annotate(List[int], []))");
    }

    @Test
    void leavesCommentsAndStringsAlone() {
        String text = """
                # layers.Norm

                import layers

                def Load(x: Tensor) -> str:
                    # Load( and layers.Norm in torch.float32
                    return "layers.Norm( # torch.float32"    # layers.Norm
                """;
        assertThat(packed(text)).isEqualTo(text.replace("\nimport layers\n", ""));
    }

    @Test
    void leavesVariablesWithTheNameOfAFunctionOrAFileAlone() {
        String text = """
                def rows(rows: List[int], x: Tensor) -> int:
                    return x.rows(1) + rows[0] + len(rows)
                """;
        assertThat(packed(text)).isEqualTo(text);
    }
}
