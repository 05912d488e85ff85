# A linear layer with 4-bit weights, for CUDA devices. Inputs are rounded to bfloat16. libtorch's kernel reads the weights
# anew for every few rows; many rows are multiplied by parts of the weight that are widened once.
# Letters: o = outputs (a multiple of 8), i = inputs (a multiple of 128), g = inputs that share a scale, n = rows,
# r = outputs of a part.

import quantize
import weights


def many() -> int:
    # Rows from which on widening pays.
    return 65


def unpack(packed: Tensor, shifts: Tensor) -> Tensor:
    # Numbers less 8 [r / 8, 8, i / 128, 4, 4, 4, 2] int8, which are [r, i], of a part [r / 8, i / 128, 32, 4] int32.
    # A packed number is of one output: 2 inputs beside each other, from each of 4 places that are 8 inputs apart. From the
    # lowest bits on come the first ones of all places, then the second ones.
    shape = [packed.size(0), packed.size(1), 32, 4, 8]
    numbers = torch.empty(shape, dtype=torch.int8, device=packed.device)                           # [r / 8, i / 128, 32, 4, 8]
    torch.bitwise_right_shift(packed.unsqueeze(-1), shifts, out=numbers)
    numbers = numbers.bitwise_and_(15).sub_(8).view([packed.size(0), packed.size(1), 8, 4, 4, 2, 4])
    return numbers.permute([0, 2, 1, 4, 6, 3, 5])                                                  # [r / 8, 8, i / 128, 4, 4, 4, 2]


def widen(packed: Tensor, shifts: Tensor, both: Tensor) -> Tensor:
    # A part of a weight [r, i] bfloat16, of packed numbers [r / 8, i / 128, 32, 4] with scales and zeros [i / g, r, 2].
    blocks, r = packed.size(1), both.size(1)
    repeats = blocks * 4 // both.size(0)                                                           # g / 32
    shared = both.permute([2, 1, 0]).unsqueeze(-1).expand([-1, -1, -1, repeats])                   # [2, r, i / g, g / 32]
    shared = shared.reshape([2, r // 8, 8, blocks, 4, 1, 1, 1])
    scales, zeros = torch.unbind(shared)                                          # [r / 8, 8, i / 128, 4, 1, 1, 1] each
    weight = torch.empty([r // 8, 8, blocks, 4, 4, 4, 2], dtype=both.dtype, device=both.device)    # [r, i]
    torch.addcmul(zeros, unpack(packed, shifts), scales, out=weight)
    return weight.view([r, -1])                                                                    # [r, i]


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
        short = x.to(torch.bfloat16)                                                                # [n, i]
        if x.size(0) >= many():
            y = self.widened(short)                                                                 # [n, o] bfloat16
        else:
            y = torch._weight_int4pack_mm(short, self.packed, self.group, self.scales_and_zeros)    # [n, o] bfloat16
        y = y.to(x.dtype)                                                                           # [n, o]
        bias = self.bias
        if bias is not None:
            y = y + bias                                                                            # [n, o]
        return y

    def widened(self, x: Tensor) -> Tensor:
        # In parts of up to 64 MiB, since a whole weight in bfloat16 may not fit beside the model.
        o = self.scales_and_zeros.size(1)
        most = max(8, 33554432 // x.size(1) // 8 * 8)
        y = torch.empty([x.size(0), o], dtype=x.dtype, device=x.device)                             # [n, o]
        shifts = torch.arange(0, 32, 4, dtype=torch.int32, device=x.device)                         # [8] int32
        for first in range(0, o, most):
            r = min(most, o - first)
            part = self.packed.narrow(0, first // 8, r // 8)                                        # [r / 8, i / 128, 32, 4]
            weight = widen(part, shifts, self.scales_and_zeros.narrow(1, first, r))                 # [r, i]
            torch.mm(x, weight.t(), out=y.narrow(1, first, r))                                      # [n, r]
        return y

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [n, o]


def load(w: weights.Weights, name: str) -> Linear:
    made = quantize.groups(w, name)
    pairs = made.pairs(4, 0).to(w.device)                   # [o, i / 2]
    packed = torch._convert_weight_to_int4pack(pairs, 8)    # [o / 8, i / 128, 32, 4]
    group = made.numbers.size(1) // made.scales.size(1)
    return Linear(packed, made.scales_and_zeros().to(w.device), group, w.find(name + ".bias"))
