# A linear layer for x86 CPUs that computes in float32 and keeps its weight, which was stored in 16 bits, in float16: it
# has all of bfloat16's digits, so nothing is rounded that is not below 3e-8. Half the bytes to read for each token.
# Letters: o = outputs, i = inputs.


class Linear:
    packed : __torch__.torch.classes.quantized.LinearPackedParamsBase    # [o, i] float16, in FBGEMM's order
    bias : Optional[Tensor]                                              # [o] float32
    shrink : float     # what the weight was divided by: a power of two, 1 unless float16 ends too early for it

    def __init__(self: __torch__.half.Linear, packed: __torch__.torch.classes.quantized.LinearPackedParamsBase,
                 bias: Optional[Tensor], shrink: float) -> None:
        self.packed = packed
        self.bias = bias
        self.shrink = shrink

    def forward(self: __torch__.half.Linear, x: Tensor) -> Tensor:
        bias = self.bias
        if self.shrink != 1.0:
            x = x * self.shrink                                                 # [..., i]
        y = ops.quantized.linear_dynamic_fp16(x, self.packed)                   # [..., i] -> [..., o]
        if bias is not None:
            y = y.add_(bias)                                                    # [..., o]
        return y


def load(w: __torch__.weights.Weights, name: str) -> __torch__.half.Linear:
    weight = w.take(name + ".weight")                                           # [o, i] float32
    top = max(float(torch.amax(weight)), -float(torch.amin(weight)))
    shrink = 1.0
    while top / shrink > 65504.0:
        shrink = shrink * 2.0
    if shrink != 1.0:
        weight = weight / shrink                                                # [o, i]
    packed = ops.quantized.linear_prepack_fp16(weight, None)
    return __torch__.half.Linear(packed, w.find(name + ".bias"), shrink)
