# A linear layer for x86 CPUs that computes in float32 with a weight in float16, for checkpoints of 16 bits. float16 has
# all of bfloat16's digits, so that only values below 3e-8 are rounded. Each token reads half the bytes of float32.
# Letters: o = outputs, i = inputs, r = outputs of a part.

import weights


class Linear:
    parts : List[torch.classes.quantized.LinearPackedParamsBase]    # [r, i] float16 each, in FBGEMM's order
    bias : Optional[Tensor]           # [o] float32
    shrink : float                    # divisor of the weight: a power of two, 1 if the weight is within float16's range

    def __init__(self, parts: List[torch.classes.quantized.LinearPackedParamsBase], bias: Optional[Tensor],
                 shrink: float) -> None:
        self.parts = parts
        self.bias = bias
        self.shrink = shrink

    def forward(self, x: Tensor) -> Tensor:
        bias = self.bias
        if self.shrink != 1.0:
            x = x * self.shrink                                                            # [..., i]
        own = [torch.ops.quantized.linear_dynamic_fp16(x, part) for part in self.parts]    # [..., i] -> [..., r] each
        y = own[0] if len(own) == 1 else torch.cat(own, -1)                                # [..., o]
        if bias is not None:
            y = y.add_(bias)                                                               # [..., o]
        return y

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [..., o]


def load(w: weights.Weights, name: str) -> Linear:
    weight = w.stored(name + ".weight")                      # [o, i]
    top = max(float(torch.amax(weight)), -float(torch.amin(weight)))
    shrink = 1.0
    while top / shrink > 65504.0:
        shrink = shrink * 2.0
    # In parts, since packing takes four times the memory of its result.
    rows = max(1, 16777216 // weight.size(1))
    shrunk = weight if shrink == 1.0 else weight / shrink    # [o, i]
    parts = [torch.ops.quantized.linear_prepack_fp16(part.to(torch.float32), None)
             for part in torch.split(shrunk, rows)]
    return Linear(parts, w.find(name + ".bias"), shrink)
