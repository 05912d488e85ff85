# A linear layer with int8 weights, for x86 CPUs without instructions that sum products of bytes in 32 bits. Inputs are
# rounded to 7 bits, as products of 8 bits would overflow there. There is one scale for each row, so that a row's result
# does not depend on other rows.
# Letters: o = outputs, i = inputs.

import quantize
import weights


class Linear:
    packed : torch.classes.quantized.LinearPackedParamsBase    # [o, i]
    bias : Optional[Tensor]                                    # [o] float32

    def __init__(self, packed: torch.classes.quantized.LinearPackedParamsBase, bias: Optional[Tensor]) -> None:
        self.packed = packed
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        wide = x.to(torch.float32)                                           # [..., i] float32
        top = torch.amax(torch.abs(wide), [-1], True).clamp_min_(1.0e-30)    # [..., 1]
        y = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            wide / top, 0.015873015873015872, 64, self.packed)               # [..., o] float32
        bias = self.bias
        if bias is None:
            return y.mul_(top).to(x.dtype)                                   # [..., o]
        return torch.addcmul(bias, y, top).to(x.dtype)                       # [..., o]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [..., o]


def load(w: weights.Weights, name: str) -> Linear:
    numbers, scales = quantize.rows(w.stored(name + ".weight"))                       # [o, i], [o]
    zeros = torch.zeros([scales.size(0)], dtype=torch.int64, device=scales.device)    # [o] int64
    weight = torch._make_per_channel_quantized_tensor(numbers, scales, zeros, 0)      # [o, i]
    bias = w.find(name + ".bias")
    if bias is not None:
        bias = bias.to(torch.float32)                                                 # [o] float32
    return Linear(torch.ops.quantized.linear_prepack(weight, None), bias)
