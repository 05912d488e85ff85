# A linear layer with weights and inputs in 8-bit floats that each product widens: slow, but for every device. It rounds as the
# text for CUDA does.
# Letters: o = outputs, i = inputs.

import quantize
import weights


class Linear:
    numbers : Tensor           # [o, i] float8
    scales : Tensor            # [o] float32
    bias : Optional[Tensor]    # [o]

    def __init__(self, numbers: Tensor, scales: Tensor, bias: Optional[Tensor]) -> None:
        self.numbers = numbers
        self.scales = scales
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        short, scales = quantize.inputs(x)                                       # [..., i] float8, [..., 1] float32
        rounded = short.to(torch.float32).mul_(scales).to(x.dtype)               # [..., i]
        weight = self.numbers.to(x.dtype).mul_(self.scales.unsqueeze(1))         # [o, i]
        return torch.linear(rounded, weight, self.bias)                          # [..., o]

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [..., o]


def load(w: weights.Weights, name: str) -> Linear:
    numbers, scales = quantize.floats(w.stored(name + ".weight").to(w.device), 1)    # [o, i], [o]
    return Linear(numbers, scales, w.find(name + ".bias"))
