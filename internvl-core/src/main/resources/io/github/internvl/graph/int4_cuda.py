# A linear layer with 4-bit weights, for CUDA devices. Inputs are rounded to bfloat16.
# Letters: o = outputs (a multiple of 8), i = inputs (a multiple of 128), g = inputs that share a scale.

import quantize
import weights


class Linear:
    packed : Tensor              # [o / 8, i / 128, 32, 4] int32, in the kernel's order
    scales_and_zeros : Tensor    # [i / g, o, 2] bfloat16
    group : int                  # g
    bias : Optional[Tensor]      # [o]

    def __init__(self, packed: Tensor, scales_and_zeros: Tensor, group: int, bias: Optional[Tensor]) -> None:
        self.packed = packed
        self.scales_and_zeros = scales_and_zeros
        self.group = group
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        short = x.to(torch.bfloat16)                                                            # [n, i]
        y = torch._weight_int4pack_mm(short, self.packed, self.group, self.scales_and_zeros)    # [n, o] bfloat16
        y = y.to(x.dtype)                                                                       # [n, o]
        bias = self.bias
        if bias is not None:
            y = y + bias                                                                        # [n, o]
        return y

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [n, o]


def load(w: weights.Weights, name: str) -> Linear:
    made = quantize.groups(w, name)
    pairs = made.pairs(4, 0).to(w.device)                   # [o, i / 2]
    packed = torch._convert_weight_to_int4pack(pairs, 8)    # [o / 8, i / 128, 32, 4]
    group = made.numbers.size(1) // made.scales.size(1)
    return Linear(packed, made.scales_and_zeros().to(w.device), group, w.find(name + ".bias"))
