# A linear layer with 4-bit weights, for x86 CPUs. Inputs are rounded to bfloat16.
# Letters: o = outputs, i = inputs, g = inputs that share a scale.

import quantize
import weights


class Linear:
    packed : Tensor              # [o, i / 2] uint8, in the kernel's order; o padded to a multiple of 16
    scales_and_zeros : Tensor    # [i / g, o, 2] bfloat16
    group : int                  # g
    outputs : int                # o
    bias : Optional[Tensor]      # [o]

    def __init__(self, packed: Tensor, scales_and_zeros: Tensor, group: int, outputs: int,
                 bias: Optional[Tensor]) -> None:
        self.packed = packed
        self.scales_and_zeros = scales_and_zeros
        self.group = group
        self.outputs = outputs
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        short = x.to(torch.bfloat16)                    # [n, i]
        y = torch._weight_int4pack_mm_for_cpu(short, self.packed, self.group, self.scales_and_zeros)  # [n, o] bfloat16
        y = y.narrow(1, 0, self.outputs).to(x.dtype)    # [n, o]
        bias = self.bias
        if bias is not None:
            y = y + bias                                # [n, o]
        return y


def load(w: weights.Weights, name: str) -> Linear:
    made = quantize.groups(w, name)
    o, i = made.numbers.size(0), made.numbers.size(1)
    fill = (16 - o % 16) % 16
    numbers = torch.constant_pad_nd(made.numbers, [0, 0, 0, fill])                    # [o + fill, i]
    both = torch.constant_pad_nd(made.scales_and_zeros(), [0, 0, 0, fill])            # [i / g, o + fill, 2]
    packed = torch._convert_weight_to_int4pack_for_cpu(numbers.to(torch.int32), 1)    # [o + fill, i / 2]
    return Linear(packed, both, i // made.scales.size(1), o, w.find(name + ".bias"))
