# A linear layer with int8 weights, for x86 CPUs with instructions that sum products of bytes in 32 bits (VNNI, AMX).
# Inputs are rounded to 8 bits, with one scale for each row, so that a row's result does not depend on other rows.
# Letters: o = outputs, i = inputs.

import quantize
import weights


class Linear:
    packed : Tensor            # [o, i] int8, in oneDNN's order
    scales : Tensor            # [o] float32
    zeros : Tensor             # [o] int64
    bias : Optional[Tensor]    # [o] float32
    zero : Tensor              # [1] int64: the byte of 0, which is 128
    most : Tensor              # [1] float32: 127
    middle : Tensor            # [1] float32: that byte and a half, since numbers are cut

    def __init__(self, packed: Tensor, scales: Tensor, bias: Optional[Tensor]) -> None:
        self.packed = packed
        self.scales = scales
        self.zeros = torch.zeros_like(scales, dtype=torch.int64)    # [o]
        self.bias = bias
        self.zero = torch.full([1], 128, dtype=torch.int64, device=scales.device)          # [1]
        self.most = torch.full([1], 127.0, dtype=torch.float32, device=scales.device)      # [1]
        self.middle = torch.full([1], 128.5, dtype=torch.float32, device=scales.device)    # [1]

    def one(self, x: Tensor) -> Tensor:
        # A single row: the product itself scales and adds the bias, since each operation counts. A row of zeros has scale 0.
        step = torch.linalg_vector_norm(x, torch.inf, [-1], True, dtype=torch.float32).div_(self.most)    # [..., 1]
        bytes = torch.div(x, step).add_(self.middle).to(torch.uint8)                                     # [..., i] uint8
        return torch.ops.onednn.qlinear_pointwise(
            bytes, step, self.zero, self.packed, self.scales, self.zeros, self.bias, 1.0, 0, x.dtype, "none",
            torch.jit.annotate(List[Optional[number]], []), "")              # [..., o]

    def product(self, x: Tensor) -> Tensor:
        top = torch.amax(torch.abs(x), [-1], True).to(torch.float32).clamp_min_(1.0e-30)    # [..., 1]
        bytes = torch.mul(x, self.most / top).add_(self.middle).to(torch.uint8)             # [..., i] uint8
        y = torch.ops.onednn.qlinear_pointwise(
            bytes, 0.007874015748031496, 128, self.packed, self.scales, self.zeros, None, 1.0, 0, torch.float32, "none",
            torch.jit.annotate(List[Optional[number]], []), "")              # [..., o] float32
        bias = self.bias
        if bias is None:
            return y.mul_(top)                                               # [..., o] float32
        return torch.addcmul(bias, y, top)                                   # [..., o] float32

    def forward(self, x: Tensor) -> Tensor:
        rows = x.numel() // x.size(-1)
        if rows == 1:
            return self.one(x)                                               # [..., o]
        if rows <= 256:
            return self.product(x).to(x.dtype)                               # [..., o]
        # Many rows in equal blocks, so that what lies between rounding and product stays in the CPU's cache.
        flat = x.reshape([rows, -1])                                         # [rows, i]
        size = (rows - 1) // ((rows + 255) // 256) + 1
        y = torch.empty([rows, self.scales.size(0)], dtype=x.dtype, device=x.device)    # [rows, o]
        for first in range(0, rows, size):
            count = min(size, rows - first)
            y.narrow(0, first, count).copy_(self.product(flat.narrow(0, first, count)))    # [count, o]
        return y.view([x.size(0), -1, y.size(1)]) if x.dim() == 3 else y     # [..., o]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [..., o]


def load(w: weights.Weights, name: str) -> Linear:
    numbers, scales = quantize.rows(w.stored(name + ".weight"))    # [o, i], [o]
    bias = w.find(name + ".bias")
    if bias is not None:
        bias = bias.to(torch.float32)                              # [o] float32
    return Linear(torch.ops.onednn.qlinear_prepack(numbers, None), scales, bias)
