# A linear layer with 4-bit weights, for x86 CPUs. libtorch's kernel widens the weights for every few rows anew, and
# rounds inputs to bfloat16; many rows are multiplied by blocks of weights that are widened once.
# Letters: o = outputs, i = inputs, g = inputs that share a scale, n = rows, b = outputs that the kernel packs together,
# r = outputs of a part.

import quantize
import weights


def many() -> int:
    # Rows from which on widening pays.
    return 96


def unpack(packed: Tensor, numbers: Tensor) -> None:
    # Halves of bytes [r, i / 2] to numbers [r / b, i / g, g, b], less 8: a byte holds outputs k and k + b / 2 of a block.
    half = numbers.size(3) // 2
    bytes = packed.view([numbers.size(0), numbers.size(1), -1, half]).to(torch.int8)    # [r / b, i / g, g, b / 2] int8
    numbers.narrow(3, 0, half).copy_(torch.bitwise_and(bytes, 15).sub_(8))
    numbers.narrow(3, half, half).copy_(torch.bitwise_right_shift(torch.bitwise_xor(bytes, -128), 4))


def order() -> int:
    # The outputs that this machine's kernel packs together, found by packing 64 rows of which no two within 32 are alike: 32
    # with AVX2, 64 with AVX-512, and 0 for an order that is not known.
    rows = torch.arange(64, dtype=torch.int64, device=torch.device("cpu")).unsqueeze(1)               # [64, 1] int64
    columns = torch.arange(64, dtype=torch.int64, device=torch.device("cpu"))                         # [64] int64
    numbers = torch.remainder(rows * 5 + torch.floor_divide(rows, 16) + columns, 16)                  # [64, 64] int64
    packed = torch._convert_weight_to_int4pack_for_cpu(numbers.to(torch.int32), 1)                    # [64, 32] uint8
    for b in [32, 64]:
        found = torch.empty([64 // b, 1, 64, b], dtype=torch.int64, device=packed.device)             # [64 / b, 1, 64, b]
        unpack(packed, found)
        if torch.equal(found.squeeze(1).transpose(1, 2).reshape([64, 64]) + 8, numbers):
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
        # In parts that stay in a core's cache.
        n, o, i, b, groups = x.size(0), self.packed.size(0), x.size(1), self.block, self.scales_and_zeros.size(0)
        r = min(o, max(b, 1048576 // i // b * b))
        numbers = torch.empty([r // b, groups, i // groups, b], dtype=x.dtype, device=x.device)    # [r / b, i / g, g, b]
        weight = torch.empty([i * r], dtype=x.dtype, device=x.device)                              # [i * r]
        y = torch.empty([n, o], dtype=x.dtype, device=x.device)                                    # [n, o]
        both = self.scales_and_zeros.view([groups, -1, b, 2]).permute([3, 1, 0, 2]).to(x.dtype)    # [2, o / b, i / g, b]
        both = both.contiguous().unsqueeze(3)                                                      # [2, o / b, i / g, 1, b]
        for first in range(0, o, r):
            count = min(r, o - first)
            blocks = count // b
            part = numbers.narrow(0, 0, blocks)                                                    # [r / b, i / g, g, b]
            unpack(self.packed.narrow(0, first, count), part)
            scales, zeros = torch.unbind(both.narrow(1, first // b, blocks))                       # [r / b, i / g, 1, b] each
            wide = weight.narrow(0, 0, i * count).view([i, count])                                 # [i, r]
            torch.addcmul(zeros, part, scales, out=wide.view([groups, -1, blocks, b]).permute([2, 0, 1, 3]))
            y.narrow(1, first, count).copy_(torch.mm(x, wide))                                     # [n, r]
        return y

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [..., o]


def load(w: weights.Weights, name: str) -> Linear:
    made = quantize.groups(w, name)
    o, i = made.numbers.size(0), made.numbers.size(1)
    fill = (64 - o % 64) % 64
    numbers = torch.constant_pad_nd(made.numbers, [0, 0, 0, fill])                    # [o + fill, i]
    both = torch.constant_pad_nd(made.scales_and_zeros(), [0, 0, 0, fill])            # [i / g, o + fill, 2]
    packed = torch._convert_weight_to_int4pack_for_cpu(numbers.to(torch.int32), 1)    # [o + fill, i / 2]
    return Linear(packed, both, order(), o, w.find(name + ".bias"))
