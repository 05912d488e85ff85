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
    most : Tensor              # [1] float32: 127
    middle : Tensor            # [1] float32: the byte of 0, and a half, since numbers are cut

    def __init__(self, packed: Tensor, scales: Tensor, bias: Optional[Tensor]) -> None:
        self.packed = packed
        self.scales = scales
        self.zeros = torch.zeros_like(scales, dtype=torch.int64)    # [o]
        self.bias = bias
        self.most = torch.full([1], 127.0, dtype=torch.float32, device=scales.device)      # [1]
        self.middle = torch.full([1], 128.5, dtype=torch.float32, device=scales.device)    # [1]

    def forward(self, x: Tensor) -> Tensor:
        top = torch.amax(torch.abs(x), [-1], True).to(torch.float32).clamp_min_(1.0e-30)    # [..., 1]
        scaled = torch.addcmul(self.middle, x.to(torch.float32), self.most / top)           # [..., i] float32
        bytes = scaled.to(torch.uint8)                                                      # [..., i] uint8
        y = torch.ops.onednn.qlinear_pointwise(
            bytes, 0.007874015748031496, 128, self.packed, self.scales, self.zeros, None, 1.0, 0, torch.float32, "none",
            torch.jit.annotate(List[Optional[number]], []), "")              # [..., o] float32
        bias = self.bias
        if bias is None:
            return y.mul_(top).to(x.dtype)                                   # [..., o]
        return torch.addcmul(bias, y, top).to(x.dtype)                       # [..., o]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [..., o]


def load(w: weights.Weights, name: str) -> Linear:
    numbers, scales = quantize.rows(w.stored(name + ".weight"))    # [o, i], [o]
    bias = w.find(name + ".bias")
    if bias is not None:
        bias = bias.to(torch.float32)                              # [o] float32
    return Linear(torch.ops.onednn.qlinear_prepack(numbers, None), scales, bias)
