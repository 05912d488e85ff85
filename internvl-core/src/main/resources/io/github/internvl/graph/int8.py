# A linear layer with int8 weights that each product widens: slow, but for every device.
# Letters: o = outputs, i = inputs.

import quantize
import weights


class Linear:
    numbers : Tensor           # [o, i] int8
    scales : Tensor            # [o]
    bias : Optional[Tensor]    # [o]

    def __init__(self, numbers: Tensor, scales: Tensor, bias: Optional[Tensor]) -> None:
        self.numbers = numbers
        self.scales = scales
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        y = torch.linear(x, self.numbers.to(x.dtype)) * self.scales    # [..., o]
        bias = self.bias
        if bias is not None:
            y = y + bias                                               # [..., o]
        return y

    def onto(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.forward(x).add_(residual)    # [..., o]


def load(w: weights.Weights, name: str) -> Linear:
    numbers, scales = quantize.rows(w.stored(name + ".weight").to(w.device))    # [o, i], [o]
    return Linear(numbers, scales.to(w.wanted), w.find(name + ".bias"))
