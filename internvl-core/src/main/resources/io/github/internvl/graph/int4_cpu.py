# A linear layer with 4-bit weights, for x86 CPUs. libtorch's kernel widens the weights for every few rows anew, and
# rounds inputs to bfloat16; many rows are multiplied by blocks of weights that are widened once.
# Letters: o = outputs, i = inputs, g = inputs that share a scale, n = rows, b = outputs that the kernel packs together,
# r = outputs of a part.

import quantize
import weights


def many() -> int:
    # Rows from which on widening pays.
    return 96


def unpacked(packed: Tensor, b: int, dtype: torch.dtype) -> Tensor:
    # Halves of bytes to numbers: a byte holds outputs k and k + b / 2 of a block. [r, i / 2] -> [r / b, i, b].
    blocks, half = packed.size(0) // b, b // 2
    bytes = packed.view([blocks, -1, half])                                             # [r / b, i, b / 2]
    wide = torch.empty([blocks, bytes.size(1), b], dtype=dtype, device=packed.device)    # [r / b, i, b]
    wide.narrow(2, 0, half).copy_(torch.bitwise_and(bytes, 15))
    wide.narrow(2, half, half).copy_(torch.bitwise_right_shift(bytes, 4))
    return wide


def order() -> int:
    # The outputs that this machine's kernel packs together, found by packing 64 rows of which no two within 32 are alike: 32
    # with AVX2, 64 with AVX-512, and 0 for an order that is not known.
    rows = torch.arange(64, dtype=torch.int64, device=torch.device("cpu")).unsqueeze(1)               # [64, 1] int64
    columns = torch.arange(64, dtype=torch.int64, device=torch.device("cpu"))                         # [64] int64
    numbers = torch.remainder(rows * 5 + torch.floor_divide(rows, 16) + columns, 16)                  # [64, 64] int64
    packed = torch._convert_weight_to_int4pack_for_cpu(numbers.to(torch.int32), 1)                    # [64, 32] uint8
    for b in [32, 64]:
        found = unpacked(packed, b, torch.int64)                                                      # [64 / b, 64, b]
        if torch.equal(found.transpose(1, 2).reshape([64, 64]), numbers):
            return b
    return 0


class Linear:
    packed : Tensor              # [o, i / 2] uint8, in the kernel's order; o padded to a multiple of 64
    scales_and_zeros : Tensor    # [i / g, o, 2] bfloat16
    block : int                  # b; 0 if this machine packs in an order that is not known
    outputs : int                # o, before it was padded
    bias : Optional[Tensor]      # [o]

    def __init__(self, packed: Tensor, scales_and_zeros: Tensor, block: int, outputs: int,
                 bias: Optional[Tensor]) -> None:
        self.packed = packed
        self.scales_and_zeros = scales_and_zeros
        self.block = block
        self.outputs = outputs
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        if self.block > 0 and x.size(0) >= many():
            y = self.widened(x)                             # [n, o]
        else:
            group = x.size(1) // self.scales_and_zeros.size(0)
            short = x.to(torch.bfloat16)                    # [n, i]
            y = torch._weight_int4pack_mm_for_cpu(short, self.packed, group, self.scales_and_zeros)  # [n, o] bfloat16
            y = y.to(x.dtype)                               # [n, o]
        y = y.narrow(1, 0, self.outputs)                    # [n, o]
        bias = self.bias
        if bias is not None:
            y = y + bias                                    # [n, o]
        return y

    def widened(self, x: Tensor) -> Tensor:
        o, i, b, groups = self.packed.size(0), x.size(1), self.block, self.scales_and_zeros.size(0)
        r = max(64, 2097152 // i // 64 * 64)
        parts : List[Tensor] = []
        for first in range(0, o, r):
            count = min(r, o - first)
            numbers = unpacked(self.packed.narrow(0, first, count), b, x.dtype).sub_(8)           # [r / b, i, b]
            both = self.scales_and_zeros.narrow(1, first, count).view([groups, -1, b, 2])         # [i / g, r / b, b, 2]
            both = both.permute([3, 1, 0, 2]).to(x.dtype).contiguous().unsqueeze(3)            # [2, r / b, i / g, 1, b]
            wide = torch.addcmul(both[1], numbers.view([count // b, groups, -1, b]), both[0])     # [r / b, i / g, g, b]
            weight = wide.view([-1, i, b]).transpose(0, 1).reshape([i, count])                    # [i, r]
            parts.append(torch.mm(x, weight))                                                     # [n, r]
        return torch.cat(parts, 1)                                                                # [n, o]


def load(w: weights.Weights, name: str) -> Linear:
    made = quantize.groups(w, name)
    o, i = made.numbers.size(0), made.numbers.size(1)
    fill = (64 - o % 64) % 64
    numbers = torch.constant_pad_nd(made.numbers, [0, 0, 0, fill])                    # [o + fill, i]
    both = torch.constant_pad_nd(made.scales_and_zeros(), [0, 0, 0, fill])            # [i / g, o + fill, 2]
    packed = torch._convert_weight_to_int4pack_for_cpu(numbers.to(torch.int32), 1)    # [o + fill, i / 2]
    return Linear(packed, both, order(), o, w.find(name + ".bias"))
