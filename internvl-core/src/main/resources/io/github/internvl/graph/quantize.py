# Weights in 8 and 4 bits, made while loading.
# Letters: o = outputs, i = inputs, g = inputs that share a scale.

import weights


def rows(weight: Tensor) -> Tuple[Tensor, Tensor]:
    # int8 with one scale for each output: numbers [o, i] and scales [o]; weight = numbers * scales. In blocks of rows,
    # since a float32 copy of a large weight would not fit.
    o = weight.size(0)
    numbers = torch.empty([o, weight.size(1)], dtype=torch.int8, device=weight.device)    # [o, i] int8
    scales = torch.empty([o], dtype=torch.float32, device=weight.device)                  # [o] float32
    for first in range(0, o, 4096):
        count = min(4096, o - first)
        part = weight.narrow(0, first, count).to(torch.float32)                           # [count, i] float32
        scale = torch.clamp(torch.amax(torch.abs(part), [1]) / 127.0, 1.0e-30)            # [count]
        numbers.narrow(0, first, count).copy_(torch.round(part / scale.unsqueeze(1)))     # [count, i]
        scales.narrow(0, first, count).copy_(scale)                                       # [count]
    return (numbers, scales)


def largest() -> float:
    # Of an 8-bit float with 4 bits of exponent and 3 of mantissa.
    return 448.0


def floats(weight: Tensor, grain: int) -> Tuple[Tensor, Tensor]:
    # 8-bit floats with one scale for each output: numbers [o, i] and scales [o]; weight = numbers * scales. Zeros fill o and i
    # up to multiples of `grain`. In blocks of rows, as above.
    o, i = weight.size(0), weight.size(1)
    shape = [o + (grain - o % grain) % grain, i + (grain - i % grain) % grain]
    numbers = torch.empty(shape, dtype=torch.float8_e4m3fn, device=weight.device)         # [o, i] float8
    scales = torch.ones([shape[0]], dtype=torch.float32, device=weight.device)            # [o] float32
    if shape[0] > o or shape[1] > i:
        numbers.copy_(torch.zeros([1], dtype=torch.float32, device=weight.device))
    for first in range(0, o, 4096):
        count = min(4096, o - first)
        part = weight.narrow(0, first, count).to(torch.float32)                           # [count, i] float32
        scale = torch.clamp(torch.amax(torch.abs(part), [1]) / largest(), 1.0e-30)        # [count]
        numbers.narrow(0, first, count).narrow(1, 0, i).copy_(part / scale.unsqueeze(1))    # [count, i]
        scales.narrow(0, first, count).copy_(scale)                                       # [count]
    return (numbers, scales)


def inputs(x: Tensor) -> Tuple[Tensor, Tensor]:
    # Inputs in 8-bit floats with one scale for each row, never 0, so that a row's result does not depend on other rows.
    top = torch.linalg_vector_norm(x, torch.inf, [-1], True, dtype=torch.float32)           # [..., 1] float32
    scales = torch.rsub(top, 1.0e-30, -1.0 / largest())                                     # [..., 1] float32: 1e-30 + top / 448
    numbers = torch.empty(x.size(), dtype=torch.float8_e4m3fn, device=x.device)             # [..., i] float8
    torch.div(x, scales, out=numbers)
    return (numbers, scales)


class Groups:
    # 4 bits with a scale and a zero for every g inputs of an output; weight = (numbers - zeros) * scales.
    numbers : Tensor    # [o, i] uint8, 0..15
    scales : Tensor     # [o, i / g] float32
    zeros : Tensor      # [o, i / g] float32, 0..15

    def __init__(self, numbers: Tensor, scales: Tensor, zeros: Tensor) -> None:
        self.numbers = numbers
        self.scales = scales
        self.zeros = zeros

    def pairs(self, even: int, odd: int) -> Tensor:
        # Two numbers a byte: those of even and of odd inputs, shifted left by `even` and `odd` bits.
        couples = self.numbers.view([self.numbers.size(0), -1, 2])                             # [o, i / 2, 2]
        first = torch.bitwise_left_shift(couples.select(2, 0), even)                           # [o, i / 2]
        return torch.bitwise_or(first, torch.bitwise_left_shift(couples.select(2, 1), odd))    # [o, i / 2] uint8

    def scales_and_zeros(self) -> Tensor:
        # In the form of libtorch's kernels: weight = (numbers - 8) * scale + zero.
        zeros = (8.0 - self.zeros) * self.scales                       # [o, i / g]
        both = torch.stack([self.scales, zeros], -1)                   # [o, i / g, 2]
        return both.transpose(0, 1).contiguous().to(torch.bfloat16)    # [i / g, o, 2] bfloat16


def unpack(packed: Tensor) -> Tensor:
    # AWQ: a number holds 8 outputs, 4 bits each, in the order 0 2 4 6 1 3 5 7 from the lowest bits on.
    shifts = torch.tensor([0, 16, 4, 20, 8, 24, 12, 28], dtype=torch.int32, device=packed.device)    # [8] int32
    spread = torch.bitwise_and(torch.bitwise_right_shift(packed.unsqueeze(-1), shifts), 15)          # [..., o / 8, 8]
    return spread.flatten(1).to(torch.uint8)                                                         # [..., o] uint8


def groups(w: weights.Weights, name: str) -> Groups:
    if w.has(name + ".qweight"):
        numbers = unpack(w.stored(name + ".qweight"))                                      # [i, o] uint8
        zeros = unpack(w.stored(name + ".qzeros"))                                         # [i / g, o] uint8
        scales = w.stored(name + ".scales").to(torch.float32)                              # [i / g, o]
        return Groups(numbers.t().contiguous(), scales.t().contiguous(), zeros.t().to(torch.float32).contiguous())
    weight = w.stored(name + ".weight")                                                    # [o, i]
    o, i = weight.size(0), weight.size(1)
    numbers = torch.empty([o, i], dtype=torch.uint8, device=weight.device)                 # [o, i] uint8
    scales = torch.empty([o, i // 32], dtype=torch.float32, device=weight.device)          # [o, i / 32]
    zeros = torch.empty([o, i // 32], dtype=torch.float32, device=weight.device)           # [o, i / 32]
    for first in range(0, o, 4096):
        count = min(4096, o - first)
        part = weight.narrow(0, first, count).to(torch.float32).view([count, -1, 32])      # [count, i / 32, 32] float32
        low = torch.clamp(torch.amin(part, [2]), None, 0.0)                                # [count, i / 32]
        high = torch.clamp(torch.amax(part, [2]), 0.0)                                     # [count, i / 32]
        scale = torch.clamp((high - low) / 15.0, 1.0e-30)                                  # [count, i / 32]
        zero = torch.round(torch.neg(low) / scale)                                         # [count, i / 32]
        steps = torch.round(part / scale.unsqueeze(2)) + zero.unsqueeze(2)                 # [count, i / 32, 32]
        numbers.narrow(0, first, count).copy_(torch.clamp(steps, 0, 15).view([count, i]))    # [count, i]
        scales.narrow(0, first, count).copy_(scale)                                        # [count, i / 32]
        zeros.narrow(0, first, count).copy_(zero)                                          # [count, i / 32]
    return Groups(numbers, scales, zeros)
